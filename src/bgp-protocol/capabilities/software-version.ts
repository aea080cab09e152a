/**
 * Software Version: what the speaker runs, for people. draft-ietf-idr-bgp-software-version section 3.
 */
import { decodeFault } from '../faults.ts';
import { CAPABILITY } from '../iana.ts';
import { decodeUtf8, encodeUtf8 } from '../utf8.ts';
import type { CapabilityCodec } from './codec.ts';

export interface SoftwareVersion {
  readonly type: 'software-version';
  readonly version: string;
}

/** A longer text of ours is cut there: section 3 asks for no more. */
const LONGEST = 64;

export const softwareVersion: CapabilityCodec<SoftwareVersion> = {
  code: CAPABILITY.SOFTWARE_VERSION,
  type: 'software-version',
  rfc: 'draft-ietf-idr-bgp-software-version',
  onFault: 'keep-unknown',
  decode(value) {
    const length = value.u8();
    if (length !== value.remaining) {
      throw decodeFault('Software Version', 'version length', length, value.remaining, value.offset - 1);
    }
    return { type: 'software-version', version: decodeUtf8(value.rest()) };
  },
  encode(capability, out) {
    const octets = encodeUtf8(capability.version, LONGEST);
    out.u8(octets.length);
    out.bytes(octets);
  },
};
