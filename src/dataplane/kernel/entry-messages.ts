/**
 * One entry of a batch as rtnetlink requests. Entries carry evpnd's marks: NTF_EXT_LEARNED in forwarding tables,
 * NTF_EXT_LEARNED with evpnd's protocol number in neighbour tables.
 *
 * RFC 8365 section 5 (VXLAN forwarding), RFC 7432 section 11 (flooding), section 10 (neighbours), section 15.2 (sticky).
 */
import type { IpBytes } from '../../base/ip.ts';
import { type Mac, macOfWords } from '../../base/mac.ts';
import {
  AF_BRIDGE,
  encodeBridgeMac,
  encodeBridgeMacRemoval,
  encodeFloodRemoval,
  encodeNeighbourRemoval,
  encodeRemoteNeighbour,
  encodeTunnelMacRemoval,
  type MessageWriter,
  NDA_DST,
  NDA_LLADDR,
  NDA_VLAN,
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_REPLACE,
  NTF_EXT_LEARNED,
  NTF_MASTER,
  NTF_SELF,
  NUD_NOARP,
  NUD_PERMANENT,
  NUD_REACHABLE,
  putNeighbourHeader,
  RTM_NEWNEIGH,
} from '../../netlink/index.ts';
import { type EntryBatch, OP, PART, putWord } from '../driver.ts';
import { ENTRY_FLAG } from '../interfaces.ts';
import type { KernelInstance } from './inventory.ts';

const ALL_ZEROES_MAC: Mac = 0;
const IPV4 = new Uint8Array(4);
const IPV6 = new Uint8Array(16);

/**
 * Writes a remote MAC into the bridge and into the VXLAN device with one message: rtnetlink performs it for the master first,
 * then for the device itself. Half the messages are half the time of a bulk load. NUD_NOARP keeps the device from moving the entry
 * when it hears the MAC elsewhere, and lets it survive the device's going down.
 */
export function encodeRemoteMac(
  writer: MessageWriter,
  instance: KernelInstance,
  mac: Mac,
  vtep: IpBytes,
): void {
  writer.begin(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
  const flags = NTF_SELF | NTF_MASTER | NTF_EXT_LEARNED;
  putNeighbourHeader(writer, AF_BRIDGE, instance.vxlanIndex, NUD_REACHABLE | NUD_NOARP, flags);
  writer.attributeMac(NDA_LLADDR, mac);
  writer.attributeBytes(NDA_DST, vtep);
  if (instance.vlan !== 0) writer.attributeU16(NDA_VLAN, instance.vlan);
  writer.end();
}

/** Adds a VTEP to the flood list; NTF_EXT_LEARNED marks the record when this makes it. */
function encodeMarkedFlood(writer: MessageWriter, instance: KernelInstance, vtep: IpBytes): void {
  writer.begin(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_APPEND);
  const flags = NTF_SELF | NTF_EXT_LEARNED;
  putNeighbourHeader(writer, AF_BRIDGE, instance.vxlanIndex, NUD_PERMANENT | NUD_NOARP, flags);
  writer.attributeMac(NDA_LLADDR, ALL_ZEROES_MAC);
  writer.attributeBytes(NDA_DST, vtep);
  writer.end();
}

export function encodeFloodEntry(
  writer: MessageWriter,
  op: number,
  instance: KernelInstance,
  vtep: IpBytes,
): void {
  if (op !== OP.ENSURE) encodeFloodRemoval(writer, instance.vxlanIndex, vtep, 0);
  if (op !== OP.REMOVE) encodeMarkedFlood(writer, instance, vtep);
}

export function encodeMacEntry(
  writer: MessageWriter,
  batch: EntryBatch,
  i: number,
  instance: KernelInstance,
  vtep: IpBytes,
): void {
  const mac = macOfWords(batch.macHigh[i]!, batch.macLow[i]!);
  const op = batch.op[i]!;
  if (op !== OP.ENSURE) {
    // Separately: when the MAC has moved to a local port the bridge refuses, and only the device's entry is to go.
    const parts = op === OP.REINSTALL ? PART.COMPANION | PART.VALUE : batch.parts[i]!;
    if (parts & PART.COMPANION) encodeBridgeMacRemoval(writer, instance.vxlanIndex, mac, instance.vlan);
    if (parts & PART.VALUE) encodeTunnelMacRemoval(writer, instance.vxlanIndex, mac, undefined, 0);
  }
  if (op === OP.REMOVE) return;
  encodeRemoteMac(writer, instance, mac, vtep);
  if (batch.flags[i]! & ENTRY_FLAG.STICKY) {
    encodeBridgeMac(writer, instance.vxlanIndex, mac, instance.vlan, true);
  }
}

export function encodeNeighbourEntry(
  writer: MessageWriter,
  batch: EntryBatch,
  i: number,
  instance: KernelInstance,
): void {
  const ip = batch.ipLength[i] === 4 ? IPV4 : IPV6;
  for (let word = 0; word * 4 < ip.length; word++) putWord(batch.ipWords[i * 4 + word]!, ip, word * 4);
  const op = batch.op[i]!;
  if (op !== OP.ENSURE) encodeNeighbourRemoval(writer, instance.sviIndex, ip);
  if (op === OP.REMOVE) return;
  const mac = macOfWords(batch.macHigh[i]!, batch.macLow[i]!);
  encodeRemoteNeighbour(writer, instance.sviIndex, ip, mac, (batch.flags[i]! & ENTRY_FLAG.ROUTER) !== 0);
}
