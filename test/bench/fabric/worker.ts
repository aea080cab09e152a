/**
 * A process of the load generator: the source of routes, or receivers that count. Does what its parent asks over IPC, one
 * request at a time, and tells times of the monotonic clock, which is the same in all processes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { HostCounter } from './counter.ts';
import { encodeFeed, type FeedShape } from './feed.ts';
import { Speaker } from './speaker.ts';

export interface Target {
  readonly host: string;
  readonly port: number;
  readonly holdTimeSeconds: number;
}

export type WorkerRequest =
  | {
      readonly type: 'connect';
      readonly target: Target;
      readonly addresses: readonly string[];
      readonly hosts: number;
    }
  | { readonly type: 'load'; readonly feed: FeedShape }
  /** Sends the feed that was loaded; answers with when the first octet left. */
  | { readonly type: 'announce' | 'withdraw' | 'die' }
  /** Answers when every receiver has exactly so many hosts; with -1 for the time when it took too long. */
  | { readonly type: 'await'; readonly count: number; readonly seconds: number }
  | { readonly type: 'churn'; readonly feed: FeedShape; readonly perSecond: number; readonly seconds: number }
  | { readonly type: 'report' };

export interface WorkerReply {
  /** Milliseconds of the monotonic clock. */
  readonly at: number;
  readonly counts?: readonly number[];
  readonly announcements?: number;
  readonly withdrawals?: number;
  readonly ended?: readonly string[];
  readonly error?: string;
}

interface Receiver {
  readonly speaker: Speaker;
  readonly counter: HostCounter;
}

const CONNECT_SECONDS = 30;
/** Every second one announces. */
const CHURN_TURNS_PER_SECOND = 100;
const now = (): number => Number(process.hrtime.bigint()) / 1e6;

class Worker {
  #receivers: Receiver[] = [];
  #ended: string[] = [];
  #announce: Uint8Array[] = [];
  #withdraw: Uint8Array[] = [];
  #awaited = 0;
  /** Receivers that have what is awaited. */
  #complete: (() => void) | undefined;

  async perform(request: WorkerRequest): Promise<WorkerReply> {
    switch (request.type) {
      case 'connect':
        await this.#connect(request.target, request.addresses, request.hosts);
        return { at: now() };
      case 'load':
        this.#announce = encodeFeed(request.feed, false);
        this.#withdraw = encodeFeed(request.feed, true);
        return { at: now() };
      case 'announce':
        return this.#send(this.#announce);
      case 'withdraw':
        return this.#send(this.#withdraw);
      case 'die': {
        const at = now();
        for (const { speaker } of this.#receivers.splice(0)) speaker.die();
        return { at };
      }
      case 'await':
        return this.#await(request.count, request.seconds);
      case 'churn':
        return this.#churn(request.feed, request.perSecond, request.seconds);
      case 'report':
        return this.#report(now());
    }
  }

  async #connect(target: Target, addresses: readonly string[], hosts: number): Promise<void> {
    this.#ended = [];
    const until = now() + CONNECT_SECONDS * 1000;
    const opened = addresses.map((address) => this.#open(target, address, hosts, until));
    this.#receivers = await Promise.all(opened);
  }

  /** Tries again while the other side is starting, or refuses one of many that come at once. */
  async #open(target: Target, localAddress: string, hosts: number, until: number): Promise<Receiver> {
    for (;;) {
      let isEstablished = false;
      const counter = new HostCounter(hosts);
      const speaker = new Speaker({
        ...target,
        localAddress,
        onUpdate: (bytes, start, end) => counter.update(bytes, start, end),
        onRead: () => this.#check(counter),
        onEnd: (reason) => {
          if (isEstablished) this.#ended.push(`${localAddress}: ${reason}`);
        },
      });
      try {
        await speaker.established;
        isEstablished = true;
        return { speaker, counter };
      } catch (error) {
        if (now() > until) throw error;
        await sleep(100);
      }
    }
  }

  #send(chunks: readonly Uint8Array[]): WorkerReply {
    const at = now();
    this.#receivers[0]?.speaker.send(chunks);
    return { at };
  }

  #check(counter: HostCounter): void {
    if (this.#complete && counter.count === this.#awaited && this.#allComplete()) this.#complete();
  }

  #allComplete(): boolean {
    return this.#receivers.every(({ counter }) => counter.count === this.#awaited);
  }

  async #await(count: number, seconds: number): Promise<WorkerReply> {
    this.#awaited = count;
    if (this.#allComplete()) return this.#report(now());
    let timer: NodeJS.Timeout | undefined;
    const at = await new Promise<number>((resolve) => {
      this.#complete = () => resolve(now());
      timer = setTimeout(() => resolve(-1), seconds * 1000);
    });
    clearTimeout(timer);
    this.#complete = undefined;
    return this.#report(at);
  }

  #report(at: number): WorkerReply {
    const counters = this.#receivers.map(({ counter }) => counter);
    return {
      at,
      counts: counters.map(({ count }) => count),
      announcements: counters.reduce((sum, each) => sum + each.announcements, 0),
      withdrawals: counters.reduce((sum, each) => sum + each.withdrawals, 0),
      ended: this.#ended,
    };
  }

  /** Announces and withdraws slices of the feed in turn: each second `perSecond` routes come, and as many go. */
  async #churn(feed: FeedShape, perSecond: number, seconds: number): Promise<WorkerReply> {
    const speaker = this.#receivers[0]!.speaker;
    const perTurn = (2 * perSecond) / CHURN_TURNS_PER_SECOND;
    const slices = Math.floor(feed.routes / perTurn);
    const turns = Array.from({ length: slices }, (_, i) => {
      const slice = { ...feed, first: feed.first + i * perTurn, routes: perTurn };
      return [encodeFeed(slice, false), encodeFeed(slice, true)] as const;
    });
    const began = now();
    for (let turn = 0; turn < seconds * CHURN_TURNS_PER_SECOND; turn++) {
      const [announce, withdraw] = turns[(turn >> 1) % slices]!;
      speaker.send(turn % 2 === 0 ? announce : withdraw);
      const rest = began + ((turn + 1) * 1000) / CHURN_TURNS_PER_SECOND - now();
      if (rest > 0) await sleep(rest);
    }
    return this.#report(now());
  }
}

const worker = new Worker();
process.on('message', (request: WorkerRequest) => {
  worker.perform(request).then(
    (reply) => process.send?.(reply),
    (error: Error) => process.send?.({ at: -1, error: error.message }),
  );
});
process.on('disconnect', () => process.exit(0));
