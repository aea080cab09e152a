/** Live events to one client. A client that does not read loses events, and is told how many; it slows nobody down. */
import type { ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';
import type { ControlBackend, WatchEvent, WatchSubject } from './api.ts';

/** So much may wait for a client before events are left out. */
const MAX_WAITING_OCTETS = 1024 * 1024;

export function streamEvents(
  backend: ControlBackend,
  subjects: readonly WatchSubject[],
  response: ServerResponse,
  clock: Clock,
): void {
  let dropped = 0;
  const send = (event: WatchEvent) => response.write(`${JSON.stringify(event)}\n`);
  const report = () => {
    if (dropped === 0) return;
    send({ type: 'dropped', at: new Date(clock.wallTime()).toISOString(), count: dropped });
    dropped = 0;
  };
  response.setHeader('content-type', 'application/x-ndjson');
  response.flushHeaders();
  const stop = backend.watch(subjects, (event) => {
    if (response.writableLength > MAX_WAITING_OCTETS) {
      dropped++;
      return;
    }
    report();
    send(event);
  });
  response.on('drain', report);
  response.on('close', stop);
}
