/**
 * TCP sockets with the options that BGP needs before the first segment leaves: made here with system calls,
 * then given to node:net by descriptor (`new net.Socket({ fd })`, `server.listen({ fd })`).
 *
 * RFC 2385 (TCP MD5), RFC 5082 (GTSM), RFC 4271 section 3 with RFC 4594 section 3.1 (CS6 for routing).
 */
import { endianness } from 'node:os';
import { type IpBytes, printIp } from './ip.ts';
import {
  bindSocket,
  closeDescriptor,
  openSocket,
  SOCKET,
  setSocketOption,
  socketName,
} from './system-calls.ts';

export type IpFamily = 4 | 6;

export interface TcpOptions {
  /** Interface name (a VRF too): SO_BINDTODEVICE. */
  readonly device?: string | undefined;
  /** TTL or hop limit of what is sent, 1 to 255. */
  readonly ttl?: number | undefined;
  /** GTSM (RFC 5082 section 3): segments that arrive with less are dropped by the kernel. */
  readonly minTtl?: number | undefined;
  /** The whole TOS or traffic-class octet; 0xc0 is DSCP CS6. */
  readonly tos?: number | undefined;
  /** How long sent data may stay unacknowledged before the kernel gives the connection up. */
  readonly userTimeoutMilliseconds?: number | undefined;
}

export interface TcpConnectOptions extends TcpOptions {
  readonly peerAddress: IpBytes;
  readonly localAddress?: IpBytes | undefined;
  readonly localPort?: number | undefined;
  /** Index of the interface for a link-local `localAddress`. */
  readonly scopeId?: number | undefined;
  /** Key for `peerAddress` (RFC 2385), 1 to 80 octets in UTF-8. */
  readonly md5Password?: string | undefined;
}

export interface TcpListenOptions extends TcpOptions {
  readonly address: IpBytes;
  readonly port: number;
  readonly scopeId?: number | undefined;
}

const IPPROTO_IP = 0;
const IPPROTO_TCP = 6;
const IPPROTO_IPV6 = 41;
const SO_REUSEADDR = 2;
const SO_BINDTODEVICE = 25;
const IP_TOS = 1;
const IP_TTL = 2;
const IP_MINTTL = 21;
const IPV6_UNICAST_HOPS = 16;
const IPV6_V6ONLY = 26;
const IPV6_TCLASS = 67;
const IPV6_MINHOPCOUNT = 73;
const TCP_MD5SIG = 14;
const TCP_USER_TIMEOUT = 18;
const TCP_MD5SIG_EXT = 32;

const TCP_MD5SIG_MAXKEYLEN = 80;
const TCP_MD5SIG_FLAG_PREFIX = 1;
/** struct tcp_md5sig: sockaddr_storage[128], flags u8, prefixlen u8, keylen u16, ifindex int, key[80]. */
const TCP_MD5SIG_LENGTH = 216;

const LITTLE_ENDIAN = endianness() === 'LE';

export const familyOf = (address: IpBytes): IpFamily => (address.length === 4 ? 4 : 6);

/**
 * A non-blocking TCP socket ready to connect; the caller owns the descriptor and hands it to
 * `new net.Socket({ fd, readable: true, writable: true }).connect(...)`.
 * Throws SystemCallError (ENODEV for a missing device, EADDRNOTAVAIL for a foreign local address); nothing leaks then.
 */
export function openTcpSocket(options: TcpConnectOptions): number {
  const family = familyOf(options.peerAddress);
  return openWith(family, `open a TCP socket to ${printIp(options.peerAddress)}`, (fd) => {
    applyTcpOptions(fd, family, options);
    if (options.md5Password !== undefined) setMd5Key(fd, options.peerAddress, undefined, options.md5Password);
    if (!options.localAddress && !options.localPort) return;
    const local = options.localAddress ?? new Uint8Array(options.peerAddress.length);
    setSocketOption(fd, SOCKET.SOL_SOCKET, SO_REUSEADDR, 1, 'reuse the local address');
    bindSocket(
      fd,
      socketAddress(local, options.localPort ?? 0, options.scopeId),
      `bind to local address ${printIp(local)} port ${options.localPort ?? 0}`,
    );
  });
}

/**
 * A bound TCP socket for `net.createServer().listen({ fd })`, which does the listen(2) itself. An IPv6 listener takes no
 * IPv4, so both can bind the same port. `minTtl` here applies to every peer that connects. Throws SystemCallError.
 */
export function openTcpListener(options: TcpListenOptions): number {
  const family = familyOf(options.address);
  const place = `${printIp(options.address)} port ${options.port}`;
  return openWith(family, `open a TCP listener on ${place}`, (fd) => {
    setSocketOption(fd, SOCKET.SOL_SOCKET, SO_REUSEADDR, 1, 'reuse the local address');
    if (family === 6) setSocketOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1, 'keep IPv4 off an IPv6 listener');
    applyTcpOptions(fd, family, options);
    bindSocket(fd, socketAddress(options.address, options.port, options.scopeId), `listen on ${place}`);
  });
}

/**
 * Sets or (key undefined) removes the key for segments from `peer`, on a listener or before connecting. On a live listener it
 * counts for connections that begin from now on. With `prefixLength` it covers a whole range of peers.
 * Throws RangeError for a key that is empty or longer than 80 octets; SystemCallError (ENOENT: there was none to remove).
 */
export function setMd5Key(
  fd: number,
  peer: IpBytes,
  prefixLength: number | undefined,
  key: string | undefined,
): void {
  const octets = Buffer.from(key ?? '', 'utf8');
  if (key !== undefined && (octets.length === 0 || octets.length > TCP_MD5SIG_MAXKEYLEN)) {
    throw new RangeError(
      `Cannot set MD5 key: length is ${octets.length} octets, expected 1 to ${TCP_MD5SIG_MAXKEYLEN}`,
    );
  }
  const request = Buffer.alloc(TCP_MD5SIG_LENGTH);
  request.set(socketAddress(peer, 0));
  if (prefixLength !== undefined) {
    request[128] = TCP_MD5SIG_FLAG_PREFIX;
    request[129] = prefixLength;
  }
  putHost16(request, 130, octets.length);
  request.set(octets, 136);
  const option = prefixLength === undefined ? TCP_MD5SIG : TCP_MD5SIG_EXT;
  const range = prefixLength === undefined ? '' : `/${prefixLength}`;
  const action = `${key === undefined ? 'remove' : 'set'} the MD5 key for ${printIp(peer)}${range}`;
  setSocketOption(fd, IPPROTO_TCP, option, request, action);
}

/** TTL (hop limit) of what is sent, on a live socket. */
export function setTtl(fd: number, family: IpFamily, ttl: number): void {
  if (family === 4) setSocketOption(fd, IPPROTO_IP, IP_TTL, ttl, `set the TTL to ${ttl}`);
  else setSocketOption(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl, `set the hop limit to ${ttl}`);
}

/** GTSM on a live socket, an accepted one too; 0 turns it off. */
export function setMinTtl(fd: number, family: IpFamily, minTtl: number): void {
  if (family === 4) setSocketOption(fd, IPPROTO_IP, IP_MINTTL, minTtl, `set the least TTL to ${minTtl}`);
  else setSocketOption(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, minTtl, `set the least hop limit to ${minTtl}`);
}

/** Sets those options that `options` names, before or after connecting. */
export function applyTcpOptions(fd: number, family: IpFamily, options: TcpOptions): void {
  const { device, ttl, minTtl, tos, userTimeoutMilliseconds } = options;
  if (device !== undefined) {
    const name = Buffer.from(`${device}\0`, 'utf8');
    setSocketOption(fd, SOCKET.SOL_SOCKET, SO_BINDTODEVICE, name, `bind to device ${device}`);
  }
  if (tos !== undefined) {
    const [level, option] = family === 4 ? [IPPROTO_IP, IP_TOS] : [IPPROTO_IPV6, IPV6_TCLASS];
    setSocketOption(fd, level!, option!, tos, `set the traffic class to ${tos}`);
  }
  if (ttl !== undefined) setTtl(fd, family, ttl);
  if (minTtl !== undefined) setMinTtl(fd, family, minTtl);
  if (userTimeoutMilliseconds !== undefined) {
    const action = `set the TCP user timeout to ${userTimeoutMilliseconds} ms`;
    setSocketOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, userTimeoutMilliseconds, action);
  }
}

/** The port a bound descriptor has: what the kernel chose when port 0 was asked for. */
export function localPortOf(fd: number): number {
  const name = socketName(fd, 28, 'read the local address');
  return name[2]! * 256 + name[3]!;
}

/**
 * The descriptor under a connected, accepted or listening node:net object, for `setMinTtl` and the like; undefined when it is
 * closed. Node has no public way to ask; the property has been there since its beginning.
 */
export function descriptorOf(socket: object): number | undefined {
  const fd = (socket as { _handle?: { fd?: number } | null })._handle?.fd;
  return fd !== undefined && fd >= 0 ? fd : undefined;
}

/** Opens, prepares, and closes again when preparing fails. */
function openWith(family: IpFamily, action: string, prepare: (fd: number) => void): number {
  const domain = family === 4 ? SOCKET.AF_INET : SOCKET.AF_INET6;
  const fd = openSocket(domain, SOCKET.SOCK_STREAM | SOCKET.SOCK_NONBLOCK, 0, action);
  try {
    prepare(fd);
    return fd;
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
}

/** struct sockaddr_in (16 octets) or sockaddr_in6 (28): family in host order, port in network order. */
function socketAddress(address: IpBytes, port: number, scopeId = 0): Uint8Array {
  const isIpv4 = address.length === 4;
  const bytes = new Uint8Array(isIpv4 ? 16 : 28);
  putHost16(bytes, 0, isIpv4 ? SOCKET.AF_INET : SOCKET.AF_INET6);
  bytes[2] = port >> 8;
  bytes[3] = port;
  bytes.set(address, isIpv4 ? 4 : 8);
  if (!isIpv4) bytes.set(new Uint8Array(new Uint32Array([scopeId]).buffer), 24);
  return bytes;
}

function putHost16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = LITTLE_ENDIAN ? value & 0xff : value >> 8;
  bytes[offset + 1] = LITTLE_ENDIAN ? value >> 8 : value & 0xff;
}
