/**
 * CLUSTER_LIST: the reflection clusters a route went through. RFC 4456 section 8, RFC 7606 section 7.10.
 */
import { ATTRIBUTE } from '../iana.ts';
import { readIpv4, writeIpv4 } from './address.ts';
import type { AttributeCodec } from './codec.ts';
import { checkMultiple } from './codec.ts';

export interface ClusterList {
  readonly type: 'CLUSTER_LIST';
  /** The last reflector's first. */
  readonly clusterIds: readonly string[];
}

export const clusterList: AttributeCodec<ClusterList> = {
  code: ATTRIBUTE.CLUSTER_LIST,
  type: 'CLUSTER_LIST',
  category: 'optional-non-transitive',
  rfc: 'RFC 4456 section 8, RFC 7606 section 7.10',
  onFault: 'treat-as-withdraw',
  internalOnly: true,
  check: (_bytes, start, end) => checkMultiple('CLUSTER_LIST', start, end, 4),
  decode(value) {
    const clusterIds: string[] = [];
    while (!value.done) clusterIds.push(readIpv4(value));
    return { type: 'CLUSTER_LIST', clusterIds };
  },
  encode(attribute, out) {
    for (const clusterId of attribute.clusterIds) writeIpv4(clusterId, 'CLUSTER_LIST', out);
  },
};
