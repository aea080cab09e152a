/** Path attributes in the words of the control API: the part of a path's view that comes from its attributes. */
import {
  type AsPathSegment,
  type Attribute,
  communityText,
  extendedCommunityText,
  hexText,
  largeCommunityText,
  PMSI_TUNNEL_TYPE,
} from 'bgp-protocol';
import type { PathView } from '../../control/api.ts';

type AttributesView = Pick<
  PathView,
  | 'nextHop'
  | 'origin'
  | 'asPath'
  | 'med'
  | 'localPreference'
  | 'originatorId'
  | 'clusterList'
  | 'communities'
  | 'largeCommunities'
  | 'extendedCommunities'
  | 'mobilitySequence'
  | 'sticky'
  | 'pmsiTunnel'
  | 'unknownAttributes'
>;

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

export function attributesView(attributes: readonly Attribute[]): AttributesView {
  const view: Mutable<AttributesView> = {
    nextHop: '0.0.0.0',
    origin: 'incomplete',
    asPath: '',
    extendedCommunities: [],
  };
  for (const attribute of attributes) addAttribute(view, attribute);
  return view;
}

function addAttribute(view: Mutable<AttributesView>, attribute: Attribute): void {
  switch (attribute.type) {
    case 'MP_REACH_NLRI':
      view.nextHop = attribute.nextHop;
      break;
    case 'ORIGIN':
      view.origin = attribute.value;
      break;
    case 'AS_PATH':
      view.asPath = asPathText(attribute.segments);
      break;
    case 'MED':
      view.med = attribute.value;
      break;
    case 'LOCAL_PREF':
      view.localPreference = attribute.value;
      break;
    case 'ORIGINATOR_ID':
      view.originatorId = attribute.routerId;
      break;
    case 'CLUSTER_LIST':
      view.clusterList = attribute.clusterIds;
      break;
    case 'COMMUNITIES':
      view.communities = attribute.communities.map(communityText);
      break;
    case 'LARGE_COMMUNITIES':
      view.largeCommunities = attribute.communities.map(largeCommunityText);
      break;
    case 'EXTENDED_COMMUNITIES':
      view.extendedCommunities = attribute.communities.map(extendedCommunityText);
      for (const community of attribute.communities) {
        if (community.type !== 'mac-mobility') continue;
        view.mobilitySequence = community.sequence;
        view.sticky = community.sticky;
      }
      break;
    case 'PMSI_TUNNEL':
      view.pmsiTunnel = pmsiText(attribute);
      break;
    case 'unknown':
      view.unknownAttributes = [
        ...(view.unknownAttributes ?? []),
        { code: attribute.code, hex: hexText(attribute.value) },
      ];
      break;
    default:
      // Attributes that no EVPN route carries have no place of their own in the view.
      break;
  }
}

/** `65001 65002 {65003 65004}`: sets in braces, confederation segments in parentheses. */
function asPathText(segments: readonly AsPathSegment[]): string {
  return segments
    .map(({ kind, autonomousSystems }) => {
      const numbers = autonomousSystems.join(' ');
      if (kind === 'sequence') return numbers;
      return kind === 'set' ? `{${numbers}}` : `(${numbers})`;
    })
    .join(' ');
}

function pmsiText(tunnel: Extract<Attribute, { type: 'PMSI_TUNNEL' }>): string {
  const kind =
    tunnel.tunnelType === PMSI_TUNNEL_TYPE.INGRESS_REPLICATION
      ? 'Ingress Replication'
      : `tunnel type ${tunnel.tunnelType}`;
  const endpoint = tunnel.endpoint === undefined ? '' : `, endpoint: ${tunnel.endpoint}`;
  return `${kind}, label: ${tunnel.label}${endpoint}`;
}
