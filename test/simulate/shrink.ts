/** The shortest part of a schedule that still fails: events are left out, many at a time at first, while it does. */
import type { Schedule, SimulatedEvent } from './schedule.ts';

/** @param fails plays a schedule */
export async function shrink(
  schedule: Schedule,
  fails: (candidate: Schedule) => Promise<boolean>,
): Promise<Schedule> {
  let best = schedule;
  for (let progress = true; progress; ) {
    const before = best;
    best = await withoutEvents(best, fails);
    best = await simpler(best, fails);
    progress = JSON.stringify(best) !== JSON.stringify(before);
  }
  return best;
}

async function withoutEvents(
  schedule: Schedule,
  fails: (candidate: Schedule) => Promise<boolean>,
): Promise<Schedule> {
  let { events } = schedule;
  for (let size = Math.ceil(events.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < events.length; ) {
      const left = [...events.slice(0, at), ...events.slice(at + size)];
      if (await fails({ ...schedule, events: left })) events = left;
      else at += size;
    }
  }
  return { ...schedule, events };
}

/** An easier fabric and rounder times, one at a time. */
async function simpler(
  schedule: Schedule,
  fails: (candidate: Schedule) => Promise<boolean>,
): Promise<Schedule> {
  let best = schedule;
  const attempt = async (candidate: Schedule): Promise<boolean> => {
    if (JSON.stringify(candidate) === JSON.stringify(best)) return true;
    if (!(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  const plain = {
    ebgp: false,
    dynamic: false,
    sharedCluster: false,
    lookMilliseconds: 0,
    windowOctets: 262_144,
  };
  for (const [name, value] of Object.entries(plain)) {
    await attempt({ ...best, shape: { ...best.shape, [name]: value } });
  }
  await attempt({ ...best, shape: { ...best.shape, reflectors: 1 } });
  for (let leaves = 2; leaves < best.shape.leaves; leaves++) {
    if (await attempt({ ...best, shape: { ...best.shape, leaves } })) break;
  }
  for (let index = 0; index < best.events.length; index++) {
    const { at } = best.events[index]!;
    for (const unit of [1000, 100]) {
      if (await attempt({ ...best, events: changed(best.events, index, Math.round(at / unit) * unit) }))
        break;
    }
  }
  return best;
}

/** Events keep their order: it decides what happens at the same time. */
function changed(events: readonly SimulatedEvent[], index: number, at: number): SimulatedEvent[] {
  const list = events.map((event, each) => (each === index ? { ...event, at } : event));
  return list.sort((a, b) => a.at - b.at);
}
