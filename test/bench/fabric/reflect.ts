/**
 * A reflector's work: one client announces a feed, withdraws it, announces it again and dies; others must have been told
 * all of it. Each measurement begins with a process that has just started.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fabric } from './fabric.ts';
import type { FeedShape } from './feed.ts';
import type { Running, System } from './systems/system.ts';

export interface ReflectFigures {
  readonly announceMilliseconds: number;
  readonly withdrawMilliseconds: number;
  readonly againMilliseconds: number;
  readonly deathMilliseconds: number;
  readonly peakMegabytes: number;
  /** Of the first announcement. */
  readonly processorSeconds: number;
  /** Of all four. */
  readonly processorSecondsInAll: number;
  readonly pauseMilliseconds: number | undefined;
}

/** What takes longer is called never. */
const PATIENCE_SECONDS = 30;

export async function connectAll(
  { source, sink, setting, sourceAddress, receiverAddress }: Fabric,
  system: System,
  clients: number,
  hosts: number,
): Promise<void> {
  const { routerId: host, port } = setting;
  const target = { host, port, holdTimeSeconds: system.holdTimeSeconds };
  const addresses = Array.from({ length: clients }, (_, i) => receiverAddress(i));
  await sink.connect(target, addresses, hosts);
  await source.connect(target, [sourceAddress], 1);
  // Both sides' first words (End-of-RIB, next-hop tracking) are over.
  await sleep(500);
}

export async function reflect(
  fabric: Fabric,
  system: System,
  feed: FeedShape,
  clients: number,
): Promise<ReflectFigures> {
  const { source, sink, setting, place } = fabric;
  const running: Running = await system.start(setting, place);
  try {
    await source.load(feed);
    await connectAll(fabric, system, clients, feed.first + feed.routes);
    await running.longestPause();
    const processor = running.processorSeconds();
    // Infinity: some client never came to have so many.
    const measure = async (what: 'announce' | 'withdraw' | 'die', count: number): Promise<number> => {
      const awaited = sink.ask({ type: 'await', count, seconds: PATIENCE_SECONDS });
      const { at } = await source.ask({ type: what });
      const { at: done } = await awaited;
      running.assertRunning();
      const took = done < 0 ? Number.POSITIVE_INFINITY : done - at;
      // What is left over of this step does not count for the next.
      await sleep(200);
      return took;
    };
    const announceMilliseconds = await measure('announce', feed.routes);
    const processorSeconds = running.processorSeconds() - processor;
    const withdrawMilliseconds = await measure('withdraw', 0);
    const againMilliseconds = await measure('announce', feed.routes);
    const deathMilliseconds = await measure('die', 0);
    const { ended } = await sink.ask({ type: 'report' });
    if (ended && ended.length > 0) throw new Error(`sessions lost: ${ended.join(', ')}`);
    return {
      announceMilliseconds,
      withdrawMilliseconds,
      againMilliseconds,
      deathMilliseconds,
      processorSeconds,
      processorSecondsInAll: running.processorSeconds() - processor,
      peakMegabytes: running.peakMegabytes(),
      pauseMilliseconds: await running.longestPause(),
    };
  } finally {
    await running.stop();
    await sink.ask({ type: 'die' });
    await source.ask({ type: 'die' });
  }
}
