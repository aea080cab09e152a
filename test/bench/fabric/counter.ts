/**
 * What a receiver was told: a bit per host, so that "complete" means each host once and not so many routes.
 *
 * RFC 4271 section 4.3, RFC 4760, RFC 7432 section 7.2: only as much of an UPDATE is read as counting needs.
 */
import { ATTRIBUTE, HEADER_LENGTH } from 'bgp-protocol';

const MAC_IP_ROUTE = 2;
/** The host number is the last four octets of the MAC. */
const HOST_AT = 27;

export class HostCounter {
  readonly #present: Uint8Array;
  count = 0;
  announcements = 0;
  withdrawals = 0;

  constructor(hosts: number) {
    this.#present = new Uint8Array(Math.ceil(hosts / 8));
  }

  /** One UPDATE, header included. */
  update(bytes: Uint8Array, start: number, end: number): void {
    let at = start + HEADER_LENGTH;
    at += 4 + ((bytes[at]! << 8) | bytes[at + 1]!);
    while (at < end) {
      const isLong = (bytes[at]! & 0x10) !== 0;
      const code = bytes[at + 1];
      const value = at + (isLong ? 4 : 3);
      const length = isLong ? (bytes[at + 2]! << 8) | bytes[at + 3]! : bytes[at + 2]!;
      at = value + length;
      if (code === ATTRIBUTE.MP_REACH_NLRI) this.#routes(bytes, value + 5 + bytes[value + 3]!, at, true);
      else if (code === ATTRIBUTE.MP_UNREACH_NLRI) this.#routes(bytes, value + 3, at, false);
    }
  }

  #routes(bytes: Uint8Array, from: number, end: number, announce: boolean): void {
    for (let at = from; at < end; at += 2 + bytes[at + 1]!) {
      if (bytes[at] !== MAC_IP_ROUTE) continue;
      const host =
        (bytes[at + HOST_AT]! << 24) |
        (bytes[at + HOST_AT + 1]! << 16) |
        (bytes[at + HOST_AT + 2]! << 8) |
        bytes[at + HOST_AT + 3]!;
      const bit = 1 << (host & 7);
      const octet = this.#present[host >> 3]!;
      if (announce) {
        this.announcements++;
        if (octet & bit) continue;
        this.count++;
        this.#present[host >> 3] = octet | bit;
      } else {
        this.withdrawals++;
        if (!(octet & bit)) continue;
        this.count--;
        this.#present[host >> 3] = octet & ~bit;
      }
    }
  }
}
