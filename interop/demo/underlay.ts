/**
 * Counts what crossed the underlay of the demo: VXLAN packets to a multicast group, and what kind of frames the
 * leaves got through their tunnels. Reads the captures that tcpdump wrote on the leaves' uplinks.
 */
import { readFileSync } from 'node:fs';

export interface UnderlayCounts {
  /** VXLAN packets whose outer destination is a multicast group. */
  multicast: number;
  /** Encapsulated frames by their inner destination. */
  broadcast: number;
  unknownUnicast: number;
  knownUnicast: number;
  /** Broadcast or multicast frames inside that are neighbour discovery (MLD, NS, RS) or ARP. */
  readonly innerKinds: Map<string, number>;
}

const GLOBAL_HEADER = 24;
const RECORD_HEADER = 16;
const ETHERNET = 14;
const UDP_AND_VXLAN = 16;

/**
 * Adds up the packets of one capture (Ethernet link type).
 * @param isKnown whether a frame for this inner MAC belongs to the leaf with this outer destination.
 */
export function countUnderlay(
  file: string,
  counts: UnderlayCounts,
  isKnown: (mac: string, vtep: string) => boolean,
): void {
  const bytes = readFileSync(file);
  for (let at = GLOBAL_HEADER; at + RECORD_HEADER <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 8);
    const packet = bytes.subarray(at + RECORD_HEADER, at + RECORD_HEADER + length);
    if (packet.length === length) countPacket(packet, counts, isKnown);
    at += RECORD_HEADER + length;
  }
}

function countPacket(
  packet: Buffer,
  counts: UnderlayCounts,
  isKnown: (mac: string, vtep: string) => boolean,
): void {
  if (packet.length < ETHERNET + 20 || packet.readUInt16BE(12) !== 0x0800) return;
  const destination = [...packet.subarray(ETHERNET + 16, ETHERNET + 20)];
  const inner = packet.subarray(ETHERNET + (packet[ETHERNET]! & 0x0f) * 4 + UDP_AND_VXLAN);
  if (inner.length < ETHERNET) return;
  if (destination[0]! >= 224) counts.multicast++;
  if (inner[0]! & 1) {
    counts.broadcast++;
    const kind = innerKind(inner);
    counts.innerKinds.set(kind, (counts.innerKinds.get(kind) ?? 0) + 1);
    return;
  }
  const mac = inner
    .subarray(0, 6)
    .toString('hex')
    .replace(/(..)(?=.)/g, '$1:');
  if (isKnown(mac, destination.join('.'))) counts.knownUnicast++;
  else counts.unknownUnicast++;
}

function innerKind(frame: Buffer): string {
  const type = frame.readUInt16BE(12);
  if (type === 0x0806) return 'ARP';
  if (type !== 0x86dd || frame.length < ETHERNET + 41) return 'other';
  const next = frame[ETHERNET + 6]!;
  if (next === 0) return 'MLD';
  const names: Readonly<Record<number, string>> = { 133: 'ND router', 135: 'ND', 136: 'ND' };
  return next === 58 ? (names[frame[ETHERNET + 40]!] ?? 'other') : 'other';
}
