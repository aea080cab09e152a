/** A reflector's work: packed and unpacked feeds, to one client and to many. */
import { openFabric } from '../fabric.ts';
import { type FeedShape, packed } from '../feed.ts';
import { type ReflectFigures, reflect } from '../reflect.ts';
import { atMost, faster, pick, type Row } from '../row.ts';
import type { System, SystemName } from '../systems/system.ts';
import { contestants, type Outcomes, plural, thousands, type Work } from '../work.ts';

const section = 'reflector';
export const REFLECTORS: readonly SystemName[] = ['evpnd', 'FRR', 'BIRD'];

const titleOf = (routes: number, clients: number): string =>
  `reflect ${thousands(routes)} routes to ${plural(clients, 'client')}`;

export function reflectWith(feed: FeedShape, clients: number): (system: System) => Promise<ReflectFigures> {
  return async (system) => {
    const fabric = await openFabric();
    try {
      return await reflect(fabric, system, feed, clients);
    } finally {
      fabric.close();
    }
  };
}

interface Reflecting {
  readonly name: string;
  readonly routes: number;
  readonly clients: number;
  readonly runs: number;
  readonly peakMegabytes?: number;
}

export function reflecting(systems: readonly System[], setting: Reflecting): Work<ReflectFigures> {
  const { name, routes, clients, runs, peakMegabytes } = setting;
  const title = titleOf(routes, clients);
  return {
    name,
    title,
    runs,
    contestants: contestants(systems, REFLECTORS, reflectWith(packed(routes), clients)),
    rows: (outcomes) => [
      {
        section,
        work: `${title}, from a cold process`,
        unit: 'ms',
        goal: faster(3),
        values: pick(outcomes, (each) => each.announceMilliseconds),
      },
      {
        section,
        work: '… the same once more, warm',
        unit: 'ms',
        values: pick(outcomes, (each) => each.againMilliseconds),
      },
      processorRow(outcomes),
      {
        ...peakRow(outcomes),
        ...(peakMegabytes ? { goal: atMost(peakMegabytes, `at most ${peakMegabytes} MB`) } : {}),
      },
      {
        section,
        work: '… withdraw them all',
        unit: 'ms',
        goal: faster(2),
        values: pick(outcomes, (each) => each.withdrawMilliseconds),
      },
      {
        section,
        work: '… the session of the source dies',
        unit: 'ms',
        goal: faster(2),
        values: pick(outcomes, (each) => each.deathMilliseconds),
      },
    ],
  };
}

const processorRow = (outcomes: Outcomes<ReflectFigures>): Row => ({
  section,
  work: '… processor time of the first announcement',
  unit: 's',
  values: pick(outcomes, (each) => each.processorSeconds),
});

const peakRow = (outcomes: Outcomes<ReflectFigures>): Row => ({
  section,
  work: '… peak resident memory',
  unit: 'MB',
  values: pick(outcomes, (each) => each.peakMegabytes),
});

export function unpacked(systems: readonly System[], runs: number): Work<ReflectFigures> {
  const [routes, clients] = [100_000, 4];
  const title = `${titleOf(routes, clients)}, one route per UPDATE`;
  const perform = reflectWith(packed(routes, { perUpdate: 1 }), clients);
  return {
    name: 'unpacked',
    title,
    runs,
    contestants: contestants(systems, REFLECTORS, perform),
    rows: (outcomes) => [
      {
        section,
        work: title,
        unit: 'ms',
        goal: faster(2),
        values: pick(outcomes, (each) => each.announceMilliseconds),
      },
      processorRow(outcomes),
    ],
  };
}

/** Many clients, or more systems than else: that it is done at all counts. */
export function completing(
  systems: readonly System[],
  setting: Omit<Reflecting, 'peakMegabytes'> & { readonly among: readonly SystemName[] },
): Work<ReflectFigures> {
  const { name, routes, clients, runs, among } = setting;
  const title = titleOf(routes, clients);
  return {
    name,
    title,
    runs,
    contestants: contestants(systems, among, reflectWith(packed(routes), clients)),
    rows: (outcomes) => [
      {
        section,
        work: `${title}, each client complete`,
        unit: 'ms',
        goal: { type: 'done' },
        values: pick(outcomes, (each) => each.announceMilliseconds),
      },
      processorRow(outcomes),
      peakRow(outcomes),
    ],
  };
}
