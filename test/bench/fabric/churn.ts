/** Routes that come and go for a while over many that stand: does anything grow, and what does it cost? */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Fabric, GENERATOR } from './fabric.ts';
import type { FeedShape } from './feed.ts';
import { WorkerProcess } from './generator.ts';
import { connectAll } from './reflect.ts';
import type { System } from './systems/system.ts';

export interface ChurnFigures {
  /** The least resident in the last third of the time, less the least in the first: what lies between two garbage collections is no growth. */
  readonly grownMegabytes: number;
  /** Processor time of each second. */
  readonly cores: number;
  readonly sessionsLost: number;
  readonly announcementsSeen: number;
  readonly pauseMilliseconds: number | undefined;
}

const CLIENTS = 4;
/** The routes that come and go are always some of so many. */
const MOVING = 10_000;
const SETTLING_SECONDS = 10;

export async function churn(
  fabric: Fabric,
  system: System,
  standing: FeedShape,
  perSecond: number,
  seconds: number,
): Promise<ChurnFigures> {
  const { source, sink, setting, place, receiverAddress } = fabric;
  const mover = new WorkerProcess(place, GENERATOR);
  const running = await system.start(setting, place);
  try {
    await source.load(standing);
    await connectAll(fabric, system, CLIENTS, standing.routes + MOVING);
    const target = { host: setting.routerId, port: setting.port, holdTimeSeconds: system.holdTimeSeconds };
    await mover.connect(target, [receiverAddress(CLIENTS)], standing.routes + MOVING);
    await source.ask({ type: 'announce' });
    const stood = await sink.ask({ type: 'await', count: standing.routes, seconds: 120 });
    if (stood.at < 0) throw new Error(`only ${stood.counts} of ${standing.routes} routes came`);
    const feed = { ...standing, first: standing.routes, routes: MOVING, leaves: 2, vnis: 5 };
    await mover.ask({ type: 'churn', feed, perSecond, seconds: SETTLING_SECONDS });
    await running.longestPause();
    const seen = (await sink.ask({ type: 'report' })).announcements!;
    const processor = running.processorSeconds();
    const began = performance.now();
    const resident: number[] = [];
    const sampling = setInterval(() => resident.push(running.residentMegabytes()), 250);
    await mover.ask({ type: 'churn', feed, perSecond, seconds }).finally(() => clearInterval(sampling));
    const took = (performance.now() - began) / 1000;
    const cores = (running.processorSeconds() - processor) / took;
    const third = Math.floor(resident.length / 3);
    const grownMegabytes = Math.min(...resident.slice(-third)) - Math.min(...resident.slice(0, third));
    await sleep(1000);
    const report = await sink.ask({ type: 'report' });
    const moved = await mover.ask({ type: 'report' });
    return {
      grownMegabytes,
      cores,
      sessionsLost: report.ended!.length + moved.ended!.length,
      announcementsSeen: report.announcements! - seen,
      pauseMilliseconds: await running.longestPause(),
    };
  } finally {
    await running.stop();
    for (const worker of [source, sink, mover]) await worker.ask({ type: 'die' });
    mover.stop();
  }
}
