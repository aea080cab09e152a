/**
 * The BGP messages in a classic pcap file of TCP port 179, per direction and in order: enough of Ethernet, IP and TCP to
 * read the captures in rfc-fixtures/captures.
 */
import { readFileSync } from 'node:fs';

/** One direction of one connection: `10.0.0.1:179>10.0.0.100:33010`. */
export interface CapturedStream {
  readonly name: string;
  readonly octets: Uint8Array;
}

const BGP_PORT = 179;

interface Segment {
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/** Reads a file; retransmissions are dropped, a lost segment ends its stream. */
export function captureStreams(file: string | URL): CapturedStream[] {
  const bytes = readFileSync(file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const little = view.getUint32(0, true) === 0xa1b2c3d4;
  const segments = new Map<string, Segment[]>();
  for (let at = 24; at + 16 <= bytes.length; ) {
    const length = view.getUint32(at + 8, little);
    readFrame(bytes.subarray(at + 16, at + 16 + length), segments);
    at += 16 + length;
  }
  return [...segments].map(([name, list]) => ({ name, octets: assemble(list) }));
}

function readFrame(frame: Uint8Array, segments: Map<string, Segment[]>): void {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const ethernetType = view.getUint16(12);
  let protocol: number;
  let tcp: number;
  let end: number;
  let hosts: string[];
  if (ethernetType === 0x0800) {
    protocol = frame[23];
    tcp = 14 + (frame[14] & 0x0f) * 4;
    end = 14 + view.getUint16(16);
    hosts = [hex(frame.subarray(26, 30)), hex(frame.subarray(30, 34))];
  } else if (ethernetType === 0x86dd) {
    protocol = frame[20];
    tcp = 54;
    end = 54 + view.getUint16(18);
    hosts = [hex(frame.subarray(22, 38)), hex(frame.subarray(38, 54))];
  } else {
    return;
  }
  if (protocol !== 6) return;
  const ports = [view.getUint16(tcp), view.getUint16(tcp + 2)];
  if (!ports.includes(BGP_PORT)) return;
  const name = `${hosts[0]}:${ports[0]}>${hosts[1]}:${ports[1]}`;
  const payload = frame.subarray(tcp + (frame[tcp + 12] >> 4) * 4, end);
  const list = segments.get(name) ?? [];
  segments.set(name, list);
  const flags = frame[tcp + 13];
  const sequence = view.getUint32(tcp + 4);
  // A new SYN is a new connection on the same ports: what follows goes on under the same name.
  if ((flags & 0x02) !== 0) list.push({ sequence: (sequence + 1) >>> 0, payload: new Uint8Array(0) });
  else if (payload.length > 0) list.push({ sequence, payload });
}

function assemble(segments: readonly Segment[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let next: number | undefined;
  for (const { sequence, payload } of segments) {
    if (next === undefined || payload.length === 0) next = sequence;
    const ahead = (sequence - next) | 0;
    if (ahead > 0) break;
    if (-ahead >= payload.length) continue;
    const fresh = payload.subarray(-ahead);
    parts.push(fresh);
    next = (next + fresh.length) >>> 0;
  }
  return Buffer.concat(parts);
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}
