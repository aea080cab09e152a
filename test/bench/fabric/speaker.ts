/**
 * Just enough of a BGP speaker to feed and to count: connects, says OPEN and KEEPALIVE, and hands over UPDATEs as octets.
 *
 * RFC 4271 sections 4.1, 4.2 and 8.2.2.
 */
import net from 'node:net';
import { encodeKeepalive, encodeOpen, FAMILY, HEADER_LENGTH, MESSAGE_TYPE } from 'bgp-protocol';
import { LOCAL_AS } from './feed.ts';

export interface SpeakerOptions {
  readonly localAddress: string;
  readonly host: string;
  readonly port: number;
  readonly holdTimeSeconds: number;
  /** An UPDATE's octets, header included; they are valid during the call only. */
  readonly onUpdate: (bytes: Uint8Array, start: number, end: number) => void;
  /** All UPDATEs of one read were handed over. */
  readonly onRead?: () => void;
  readonly onEnd: (reason: string) => void;
}

/** What all sockets of a process read into: the kernel's data are taken out before the next read. */
const received = new Uint8Array(256 * 1024);
const KEEPALIVE = encodeKeepalive();
/** Often enough for the shortest hold time that the other side may ask for. */
const KEEPALIVE_MILLISECONDS = 1000;
/** A session that takes longer is begun anew by who wants it. */
const ESTABLISH_MILLISECONDS = 10_000;

export class Speaker {
  readonly socket: net.Socket;
  readonly established: Promise<void>;
  readonly #options: SpeakerOptions;
  #timer: NodeJS.Timeout | undefined;
  #patience: NodeJS.Timeout | undefined;
  /** The beginning of a message that was not received whole. */
  #rest = new Uint8Array(0);
  #confirm: () => void = () => {};
  #ended = false;
  #reason = 'closed';

  constructor(options: SpeakerOptions) {
    this.#options = options;
    const { localAddress, host, port, holdTimeSeconds } = options;
    this.socket = net.connect({
      host,
      port,
      localAddress,
      noDelay: true,
      onread: { buffer: received, callback: (count) => this.#read(count) },
    });
    this.established = new Promise((resolve, reject) => {
      this.#confirm = resolve;
      this.#patience = setTimeout(() => this.#giveUp(), ESTABLISH_MILLISECONDS);
      this.socket.once('close', () => reject(new Error(`no session from ${localAddress}: ${this.#reason}`)));
    });
    this.socket.once('connect', () => this.socket.write(openOf(localAddress, holdTimeSeconds)));
    this.socket.on('error', (error) => this.#end(error.message));
    this.socket.on('close', () => this.#end(this.#reason));
  }

  /** Queues all chunks at once, so that the kernel always has more to send than the other side takes. */
  send(chunks: readonly Uint8Array[]): void {
    this.socket.cork();
    for (const chunk of chunks) this.socket.write(chunk);
    this.socket.uncork();
  }

  /** Ends the session without a word, as a crash would. */
  die(): void {
    this.#ended = true;
    clearInterval(this.#timer);
    clearTimeout(this.#patience);
    this.socket.resetAndDestroy();
  }

  /** From the other side's OPEN on: before, a KEEPALIVE is an error of the state machine (section 8.2.2). */
  #keepAlive(): void {
    this.socket.write(KEEPALIVE);
    this.#timer = setInterval(() => this.socket.write(KEEPALIVE), KEEPALIVE_MILLISECONDS);
  }

  #establish(): void {
    clearTimeout(this.#patience);
    this.#confirm();
  }

  #giveUp(): void {
    this.#end(`no KEEPALIVE within ${ESTABLISH_MILLISECONDS / 1000} s`);
    this.socket.resetAndDestroy();
  }

  #end(reason: string): void {
    clearInterval(this.#timer);
    clearTimeout(this.#patience);
    if (this.#ended) return;
    this.#ended = true;
    this.#reason = reason;
    this.#options.onEnd(reason);
  }

  #read(count: number): boolean {
    let bytes = received.subarray(0, count);
    if (this.#rest.length > 0) {
      bytes = new Uint8Array(this.#rest.length + count);
      bytes.set(this.#rest);
      bytes.set(received.subarray(0, count), this.#rest.length);
    }
    let at = 0;
    while (at + HEADER_LENGTH <= bytes.length) {
      const length = (bytes[at + 16]! << 8) | bytes[at + 17]!;
      if (at + length > bytes.length) break;
      this.#message(bytes, at, at + length);
      at += length;
    }
    this.#rest = bytes.slice(at);
    this.#options.onRead?.();
    return true;
  }

  #message(bytes: Uint8Array, start: number, end: number): void {
    const type = bytes[start + 18];
    if (type === MESSAGE_TYPE.UPDATE) this.#options.onUpdate(bytes, start, end);
    else if (type === MESSAGE_TYPE.OPEN) this.#keepAlive();
    else if (type === MESSAGE_TYPE.KEEPALIVE) this.#establish();
    else if (type === MESSAGE_TYPE.NOTIFICATION) {
      this.#end(`NOTIFICATION ${bytes[start + 19]}/${bytes[start + 20]}`);
    }
  }
}

function openOf(routerId: string, holdTimeSeconds: number): Uint8Array {
  return encodeOpen({
    type: 'OPEN',
    version: 4,
    autonomousSystem: LOCAL_AS,
    holdTimeSeconds,
    routerId,
    capabilities: [
      { type: 'multiprotocol', family: FAMILY.L2VPN_EVPN },
      { type: 'route-refresh' },
      { type: 'four-octet-as', autonomousSystem: LOCAL_AS },
    ],
  });
}
