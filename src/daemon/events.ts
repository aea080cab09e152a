/** The live event stream behind `evpnctl watch`: one subject that parts write to and watchers filter. */
import { filter, Subject } from 'rxjs';
import type { WatchEvent, WatchSubject } from '../control/api.ts';

type WithoutTime<T> = T extends unknown ? Omit<T, 'at'> : never;
/** An event as its author knows it; the stream adds the time. */
export type NewEvent = WithoutTime<Exclude<WatchEvent, { type: 'dropped' }>>;

export class EventStream {
  readonly #events = new Subject<WatchEvent>();
  readonly #wallTime: () => number;

  constructor(wallTime: () => number) {
    this.#wallTime = wallTime;
  }

  /** Whether anybody listens: authors of frequent events ask before they build one. */
  get observed(): boolean {
    return this.#events.observed;
  }

  emit(event: NewEvent): void {
    if (!this.observed) return;
    this.#events.next({ ...event, at: new Date(this.#wallTime()).toISOString() } as WatchEvent);
  }

  /** Calls `listener` for events of these subjects (all, when none is named) until the returned function is called. */
  watch(subjects: readonly WatchSubject[], listener: (event: WatchEvent) => void): () => void {
    const wanted = new Set<string>(subjects);
    const subscription = this.#events
      .pipe(filter((event) => wanted.size === 0 || wanted.has(event.type)))
      .subscribe(listener);
    return () => subscription.unsubscribe();
  }
}
