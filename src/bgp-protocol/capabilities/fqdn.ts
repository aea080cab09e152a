/**
 * FQDN: host and domain name of the speaker, for people. draft-walton-bgp-hostname-capability section 2.
 */
import { CAPABILITY } from '../iana.ts';
import { decodeUtf8, encodeUtf8 } from '../utf8.ts';
import type { CapabilityCodec } from './codec.ts';

export interface Fqdn {
  readonly type: 'fqdn';
  readonly hostName: string;
  readonly domainName: string;
}

export const fqdn: CapabilityCodec<Fqdn> = {
  code: CAPABILITY.FQDN,
  type: 'fqdn',
  rfc: 'draft-walton-bgp-hostname-capability',
  onFault: 'keep-unknown',
  decode(value) {
    const hostName = decodeUtf8(value.bytesOf(value.u8()));
    const domainName = decodeUtf8(value.bytesOf(value.u8()));
    return { type: 'fqdn', hostName, domainName };
  },
  encode(capability, out) {
    for (const name of [capability.hostName, capability.domainName]) {
      const octets = encodeUtf8(name, 64);
      out.u8(octets.length);
      out.bytes(octets);
    }
  },
};
