/** Schedules that once failed, kept as files: an event a line, so that a person can read and change them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { randomSchedule, type Schedule, type SimulatedEvent } from './schedule.ts';

export interface Replay extends Schedule {
  /** What the schedule showed to be broken, as a law. */
  readonly law: string;
}

/** @throws Error when the file was written for another kind of fabric */
export function readReplay(file: string): Replay {
  const replay = JSON.parse(readFileSync(file, 'utf8')) as Replay;
  for (const name of Object.keys(randomSchedule(0).shape)) {
    if (!(name in replay.shape)) throw new Error(`Cannot replay ${file}: its shape lacks ${name}`);
  }
  return replay;
}

/** As the formatter of this project would write it. */
export function printReplay({ law, seed, shape, events }: Replay): string {
  const fields = Object.entries(shape).map(([name, value]) => `    ${JSON.stringify(name)}: ${value}`);
  const list = events.length === 0 ? '[]' : `[\n${events.map(printEvent).join(',\n')}\n  ]`;
  return `{
  "law": ${JSON.stringify(law)},
  "seed": ${seed},
  "shape": {
${fields.join(',\n')}
  },
  "events": ${list}
}
`;
}

function printEvent(event: SimulatedEvent): string {
  const fields = Object.entries(event).map(
    ([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`,
  );
  return `    { ${fields.join(', ')} }`;
}

export const writeReplay = (file: string, replay: Replay): void => writeFileSync(file, printReplay(replay));
