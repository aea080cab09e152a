/**
 * TCP by the kernel: sockets made with their options (base/tcp-socket) and driven by node:net. Writes of one turn of the
 * event loop go out in one gathered system call; reads come in chunks of 64 KiB.
 *
 * RFC 4271 section 8.2.1, RFC 2385, RFC 5082, RFC 4594 section 3.1.
 */
import net from 'node:net';
import { type IpBytes, ip, parseIp, parsePrefix, printIp } from '../base/ip.ts';
import { systemCallsAvailable } from '../base/libc.ts';
import { closeDescriptor, interfaceIndex } from '../base/system-calls.ts';
import {
  applyTcpOptions,
  descriptorOf,
  familyOf,
  localPortOf,
  openTcpListener,
  openTcpSocket,
  setMd5Key,
} from '../base/tcp-socket.ts';
import type {
  AcceptedConnection,
  Connection,
  ConnectionEvents,
  ConnectOptions,
  Endpoint,
  ListenOptions,
  ListenSocket,
  SocketOptions,
  Transport,
} from './transport.ts';

/** `write` says false past this, and `writable` comes below a quarter of it. */
const HIGH_WATER_OCTETS = 1024 * 1024;
const LOW_WATER_OCTETS = HIGH_WATER_OCTETS / 4;
/** How long the other side has to take a NOTIFICATION and to close. */
const LINGER_MILLISECONDS = 2000;
const BACKLOG = 511;

/** Connections that were ended here and are still on their way out. */
const ending = new Set<TcpConnection>();
const whenEnded: (() => void)[] = [];

/** Resolves when every connection that was ended has sent its last octets and is gone: at most a linger time later. */
export function tcpConnectionsEnded(): Promise<void> {
  return new Promise((resolve) => {
    if (ending.size === 0) resolve();
    else whenEnded.push(resolve);
  });
}

function hasEnded(connection: TcpConnection): void {
  if (ending.delete(connection) && ending.size === 0) for (const resolve of whenEnded.splice(0)) resolve();
}

/** The real transport. Options other than addresses need Linux; without it they make `connect` throw. */
export const tcpTransport: Transport = { connect, listen };

function connect(options: ConnectOptions, events: ConnectionEvents): Connection {
  const peerAddress = ip(options.address);
  const host = isLinkLocal(peerAddress) ? `${options.address}%${options.device ?? ''}` : options.address;
  if (!systemCallsAvailable()) return connectPlainly(options, host, events);
  const { device, ttl, minTtl, trafficClass, password } = options;
  const localAddress = options.localAddress === undefined ? undefined : ip(options.localAddress);
  const scopeId = localAddress && isLinkLocal(localAddress) && device ? interfaceIndex(device) : undefined;
  const fd = openTcpSocket({
    peerAddress,
    localAddress,
    scopeId,
    md5Password: password,
    device,
    ttl,
    minTtl,
    tos: trafficClass,
  });
  let socket: net.Socket;
  try {
    socket = new net.Socket({ fd, readable: true, writable: true });
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
  const connection = new TcpConnection(socket, true, {
    address: options.address,
    port: options.port,
    zone: device,
  });
  connection.attach(events);
  socket.connect({ host, port: options.port });
  return connection;
}

/** Where there is no foreign-function interface: enough for a laptop, without the options that only Linux has. */
function connectPlainly(options: ConnectOptions, host: string, events: ConnectionEvents): Connection {
  if (options.password !== undefined || options.minTtl !== undefined || options.device !== undefined) {
    throw new Error(`Cannot connect to ${host}: password, ttl-security and device need Linux`);
  }
  const { port, localAddress } = options;
  const socket = net.connect({ host, port, ...(localAddress === undefined ? {} : { localAddress }) });
  const connection = new TcpConnection(socket, true, { address: options.address, port });
  connection.attach(events);
  return connection;
}

async function listen(
  options: ListenOptions,
  accepted: (connection: AcceptedConnection) => void,
): Promise<ListenSocket> {
  const server = net.createServer({ noDelay: true }, (socket) => {
    const { address, zone } = splitZone(socket.remoteAddress);
    // Gone before it was accepted.
    if (address === undefined) {
      socket.destroy();
      return;
    }
    const remote = { address, port: socket.remotePort ?? 0, zone };
    accepted(new TcpConnection(socket, false, remote));
  });
  const address = ip(options.address);
  const { device, ttl, minTtl, trafficClass } = options;
  const hasCalls = systemCallsAvailable();
  const fd = hasCalls
    ? openTcpListener({
        address,
        port: options.port,
        scopeId: isLinkLocal(address) && device ? interfaceIndex(device) : undefined,
        device,
        ttl,
        minTtl,
        tos: trafficClass,
      })
    : undefined;
  const port = fd === undefined ? undefined : localPortOf(fd);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const place = fd === undefined ? { host: options.address, port: options.port } : { fd };
    server.listen({ ...place, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return new TcpListenSocket(server, options.address, port ?? (server.address() as net.AddressInfo).port);
}

class TcpListenSocket implements ListenSocket {
  readonly #server: net.Server;
  readonly address: string;
  readonly port: number;

  constructor(server: net.Server, address: string, port: number) {
    this.#server = server;
    this.address = address;
    this.port = port;
    // Without descriptors left accept(2) fails for a while; the connections that are there go on.
    server.on('error', () => undefined);
  }

  setPassword(prefix: string, password: string | undefined): void {
    const network = parsePrefix(prefix);
    const fd = descriptorOf(this.#server);
    if (!network || fd === undefined) return;
    const isHost = network.length === network.address.length * 8;
    setMd5Key(fd, network.address, isHost ? undefined : network.length, password);
  }

  close(): void {
    this.#server.close();
  }
}

class TcpConnection implements AcceptedConnection {
  readonly outgoing: boolean;
  readonly #socket: net.Socket;
  #events: ConnectionEvents | undefined;
  #remote: Endpoint;
  #local: Endpoint | undefined;
  #error: Error | undefined;
  #congested = false;
  #corked = false;
  #linger: NodeJS.Timeout | undefined;

  constructor(socket: net.Socket, outgoing: boolean, remote: Endpoint) {
    this.#socket = socket;
    this.outgoing = outgoing;
    this.#remote = remote;
    socket.setNoDelay(true);
    // An accepted socket reads nothing until it has an owner.
    if (!outgoing) socket.pause();
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.on('end', () => this.#closed());
    socket.on('close', () => {
      clearTimeout(this.#linger);
      hasEnded(this);
      this.#closed();
    });
  }

  get local(): Endpoint {
    const { address, zone } = splitZone(this.#socket.localAddress);
    if (address !== undefined) this.#local = { address, port: this.#socket.localPort ?? 0, zone };
    return this.#local ?? { address: '', port: 0 };
  }

  get remote(): Endpoint {
    return this.#remote;
  }

  get queuedOctets(): number {
    return this.#socket.writableLength;
  }

  attach(events: ConnectionEvents): void {
    this.#events = events;
    const socket = this.#socket;
    if (this.outgoing) socket.once('connect', () => this.#events?.connected());
    socket.on('data', (chunk) => this.#events?.data(chunk));
    if (socket.destroyed) process.nextTick(() => this.#closed());
    else if (!this.outgoing) socket.resume();
  }

  applyOptions(options: SocketOptions): void {
    const fd = descriptorOf(this.#socket);
    const remote = parseIp(this.#remote.address);
    if (fd === undefined || !remote || !systemCallsAvailable()) return;
    const { ttl, minTtl, trafficClass } = options;
    applyTcpOptions(fd, familyOf(remote), { ttl, minTtl, tos: trafficClass });
  }

  write(octets: Uint8Array): boolean {
    const socket = this.#socket;
    if (socket.destroyed || socket.writableEnded) return false;
    this.#cork();
    socket.write(octets, () => this.#written());
    if (socket.writableLength <= HIGH_WATER_OCTETS) return true;
    this.#congested = true;
    return false;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#socket.destroyed) this.#socket.resume();
  }

  /**
   * A socket closed with unread octets is reset by the kernel, and the peer may then lose the NOTIFICATION: the rest is
   * read until the other side has closed too, or a while has passed.
   */
  end(): void {
    const socket = this.#socket;
    this.#events = undefined;
    if (socket.destroyed) return;
    if (socket.connecting) {
      socket.destroy();
      return;
    }
    ending.add(this);
    socket.end();
    socket.resume();
    this.#linger = setTimeout(() => socket.destroy(), LINGER_MILLISECONDS);
  }

  reset(): void {
    this.#events = undefined;
    const socket = this.#socket;
    if (socket.destroyed) return;
    if (socket.connecting) socket.destroy();
    else socket.resetAndDestroy();
  }

  /** All that is written until the loop turns leaves in one writev(2). */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#socket.cork();
    process.nextTick(() => {
      this.#corked = false;
      this.#socket.uncork();
    });
  }

  #written(): void {
    this.#events?.progress();
    if (!this.#congested || this.#socket.writableLength > LOW_WATER_OCTETS) return;
    this.#congested = false;
    this.#events?.writable();
  }

  /** At the other side's end, or when there is nothing left: whichever comes first. */
  #closed(): void {
    const events = this.#events;
    this.#events = undefined;
    events?.closed(this.#error && inWords(this.#error));
  }
}

/** What people know these errors as; anything else keeps Node's words. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network unreachable',
  EPIPE: 'connection closed by the peer',
};

function inWords(error: Error): Error {
  const words = 'code' in error && typeof error.code === 'string' ? WORDS[error.code] : undefined;
  return words === undefined ? error : new Error(words, { cause: error });
}

const isLinkLocal = (address: IpBytes): boolean =>
  address.length === 16 && address[0] === 0xfe && (address[1]! & 0xc0) === 0x80;

/** `fe80::1%eth0`, and the canonical form of everything else, IPv4-mapped addresses included. */
function splitZone(text: string | undefined): { readonly address?: string; readonly zone?: string } {
  if (text === undefined) return {};
  const [plain = '', zone] = text.split('%');
  const octets = parseIp(plain.startsWith('::ffff:') && plain.includes('.') ? plain.slice(7) : plain);
  const address = octets ? printIp(octets) : plain;
  return zone === undefined ? { address } : { address, zone };
}
