/** How long a local MAC takes to be a forwarding entry at another leaf. */
import { latency } from '../latency.ts';
import { atMost, pick } from '../row.ts';
import { quantile } from '../statistics.ts';
import type { System } from '../systems/system.ts';
import { contestants, type Measured, type Work } from '../work.ts';

interface LatencyFigures extends Measured {
  readonly p50Microseconds: number;
  readonly p99Microseconds: number;
}

interface Latencies {
  readonly samples: number;
  readonly runs: number;
  readonly fdb: string;
  readonly directory: string;
}

export function latencies(systems: readonly System[], setting: Latencies): Work<LatencyFigures> {
  const { samples, runs, fdb, directory } = setting;
  const title = `a local MAC to the FDB entry on the other leaf, through a reflector, ${samples} samples`;
  const perform = async (system: System): Promise<LatencyFigures> => {
    const times = await latency(system, samples, fdb, directory);
    return { p50Microseconds: quantile(times, 0.5), p99Microseconds: quantile(times, 0.99) };
  };
  return {
    name: 'latency',
    title,
    runs,
    contestants: contestants(systems, ['evpnd', 'FRR'], perform),
    rows: (outcomes) => [
      {
        section: 'leaf',
        work: `${title}: p50`,
        unit: 'µs',
        goal: atMost(2000, 'under 2 ms'),
        values: pick(outcomes, (each) => each.p50Microseconds),
      },
      {
        section: 'leaf',
        work: '… p99',
        unit: 'µs',
        goal: atMost(5000, 'under 5 ms'),
        values: pick(outcomes, (each) => each.p99Microseconds),
      },
    ],
  };
}
