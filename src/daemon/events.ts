/**
 * The live event stream behind `evpnctl watch`. Parts that have rare events write them; sources of frequent ones are
 * observables that work only while somebody watches what they tell.
 */
import { filter, map, merge, type Observable, Subject, share } from 'rxjs';
import type { WatchEvent, WatchSubject } from '../control/api.ts';

type WithoutTime<T> = T extends unknown ? Omit<T, 'at'> : never;
/** An event as its author knows it; the stream adds the time. */
export type NewEvent = WithoutTime<Exclude<WatchEvent, { type: 'dropped' }>>;

interface Source {
  readonly subjects: readonly WatchSubject[];
  readonly events$: Observable<NewEvent>;
}

export class EventStream {
  readonly #written$ = new Subject<NewEvent>();
  readonly #sources: Source[] = [];
  readonly #wallTime: () => number;

  constructor(wallTime: () => number) {
    this.#wallTime = wallTime;
  }

  emit(event: NewEvent): void {
    this.#written$.next(event);
  }

  /** Adds a source that is subscribed to while one of its subjects is watched, once for all watchers. */
  add(subjects: readonly WatchSubject[], events$: Observable<NewEvent>): void {
    this.#sources.push({ subjects, events$: events$.pipe(share()) });
  }

  /** Calls `listener` for events of these subjects (all, when none is named) until the returned function is called. */
  watch(subjects: readonly WatchSubject[], listener: (event: WatchEvent) => void): () => void {
    const wanted = (subject: WatchSubject) => subjects.length === 0 || subjects.includes(subject);
    const sources = this.#sources.filter((source) => source.subjects.some(wanted));
    const subscription = merge(this.#written$, ...sources.map(({ events$ }) => events$))
      .pipe(
        filter((event) => wanted(event.type)),
        map((event) => ({ ...event, at: new Date(this.#wallTime()).toISOString() }) as WatchEvent),
      )
      .subscribe(listener);
    return () => subscription.unsubscribe();
  }
}
