/**
 * Hears what the kernel says on its own: links, addresses, neighbours, routes. Node has no netlink handle, so a UDP
 * handle watches a descriptor that was made a netlink socket under it. That keeps to Node's public interface, costs nothing
 * while idle, and survives an overrun (ENOBUFS), after which the tables must be read again.
 */
import dgram from 'node:dgram';
import { DatagramBatch } from '../base/datagrams.ts';
import { SystemCallError } from '../base/errno.ts';
import { closeDescriptor, openSocket, replaceDescriptor, SOCKET } from '../base/system-calls.ts';
import { type MessageVisitor, walkMessages } from './message-reader.ts';
import { openMonitorSocket } from './open-socket.ts';

export interface NetlinkMonitorOptions {
  /** RTNLGRP_* */
  readonly groups: readonly number[];
  /** Each notification; its bytes are valid during the call only. */
  readonly onMessage: MessageVisitor;
  /** Notifications were lost: read the tables again. Told when the kernel is listened to again, so a dump that begins now misses nothing. */
  readonly onOverrun: () => void;
  /** The end of a burst, or of a part of a long one: a good moment to act on what was told. */
  readonly onDrained?: () => void;
  /** The socket is of no more use. Without this such an error is thrown. */
  readonly onError?: (error: Error) => void;
  /** Holds a burst of notifications while the process is busy; some 200 octets each, counted with their overhead (~800). */
  readonly receiveBufferOctets?: number;
}

/** Time for notifications in a turn of the event loop, before timers and other sockets have theirs. */
const TURN_MILLISECONDS = 6;
/** Datagrams read in one go, and in one system call. */
const DATAGRAMS_PER_ROUND = 256;
const DATAGRAMS_PER_CALL = 64;
/** A notification has some 200 octets, a link with many VLANs a few thousand. A longer one counts as lost. */
const DATAGRAM_OCTETS = 16384;

export class NetlinkMonitor {
  /** Notifications are being heard from now on; what happened since the constructor returned is told, too. */
  readonly ready: Promise<void>;
  readonly #options: NetlinkMonitorOptions;
  readonly #socket = dgram.createSocket('udp4');
  readonly #received = new DatagramBatch(DATAGRAMS_PER_CALL, DATAGRAM_OCTETS);
  readonly #fd: number;
  /** Notifications were lost, and the socket has not been empty since. */
  #overrun = false;
  #closed = false;
  /** When this turn of the event loop has no more time for notifications; undefined before the first one in it. */
  #turnEnd: number | undefined;

  /** Opens in the network namespace of the caller. Throws SystemCallError, SystemCallsUnavailableError. */
  constructor(options: NetlinkMonitorOptions) {
    this.#options = options;
    const netlink = openMonitorSocket(options.groups, options.receiveBufferOctets ?? 32 << 20);
    try {
      this.#fd = openSocket(SOCKET.AF_INET, SOCKET.SOCK_DGRAM, 0, 'open a placeholder socket');
    } catch (error) {
      closeDescriptor(netlink);
      throw error;
    }
    this.ready = this.#adopt(netlink);
    // Whoever awaits it hears of a failure; whoever does not hears through onError.
    this.ready.catch(() => undefined);
  }

  ref(): void {
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }

  /** Nothing is told after this returns. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
  }

  #adopt(netlink: number): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#socket.once('error', reject);
      this.#socket.bind({ fd: this.#fd, exclusive: true }, () => {
        this.#socket.off('error', reject);
        this.#socket.on('error', (error) => this.#failed(error));
        this.#socket.on('message', (datagram) => this.#heard(datagram));
        try {
          // Here and not later: the handle is first watched after this callback, and must be watched as netlink.
          replaceDescriptor(netlink, this.#fd, 'put netlink under a UDP handle');
          resolve();
        } catch (error) {
          this.close();
          reject(error);
        }
      });
    }).finally(() => closeDescriptor(netlink));
  }

  #failed(error: Error): void {
    if (this.#closed) return;
    if ((error as NodeJS.ErrnoException).code === 'ENOBUFS') {
      this.#overrun = true;
      this.#readWaiting();
    } else if (this.#options.onError) this.#options.onError(error);
    else throw error;
  }

  /** Called up to 32 times in a turn; that many datagrams at least are read in it. */
  #heard(datagram: Uint8Array): void {
    this.#tell(datagram, 0, datagram.length);
    const now = performance.now();
    if (this.#turnEnd === undefined) {
      this.#turnEnd = now + TURN_MILLISECONDS;
      setImmediate(() => (this.#turnEnd = undefined));
    }
    if (now < this.#turnEnd) this.#readWaiting();
  }

  /**
   * Reading what else waits at once takes half the time of one event each. After an overrun the kernel drops everything,
   * without saying so again, until the socket is empty; only then is it time to read the tables.
   */
  #readWaiting(): void {
    let empty = false;
    // A closed monitor's descriptor number may already be somebody else's: never read after closing.
    for (let heard = 0; heard < DATAGRAMS_PER_ROUND && !empty && !this.#closed; heard++) {
      try {
        const count = this.#received.receive(this.#fd, 'hear netlink notifications');
        if (count === 0) empty = true;
        heard += count;
        this.#tellAll(count);
      } catch (error) {
        if (!(error instanceof SystemCallError)) throw error;
        if (error.code === 'ENOBUFS') {
          this.#overrun = true;
          continue;
        }
        this.#failed(error);
        return;
      }
    }
    if (this.#closed) return;
    if (this.#overrun && empty) {
      this.#overrun = false;
      this.#options.onOverrun();
    } else if (this.#overrun) setImmediate(() => this.#readWaiting());
    if (!this.#closed) this.#options.onDrained?.();
  }

  #tellAll(count: number): void {
    const received = this.#received;
    for (let i = 0; i < count; i++) {
      if (received.isTruncated(i)) this.#overrun = true;
      else this.#tell(received.bytes, received.start(i), received.end(i));
    }
  }

  #tell(bytes: Uint8Array, start: number, end: number): void {
    walkMessages(bytes, end, this.#visit, start);
  }

  readonly #visit: MessageVisitor = (type, bytes, start, end, flags, sequence) => {
    if (!this.#closed) this.#options.onMessage(type, bytes, start, end, flags, sequence);
  };
}
