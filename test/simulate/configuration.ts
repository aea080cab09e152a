/** The configurations of a simulated fabric: one file for the leaves and one for the reflectors, with each one's names put in. */
import { type Config, parseConfig } from '../../src/config/index.ts';
import type { FabricShape } from './schedule.ts';

export const FIRST_VNI = 100;
const REFLECTOR_AS = 65000;
const FIRST_LEAF_AS = 4_200_000_000;

/** Dotted text of leaf or reflector `index`, for up to 65,000 of each. */
const dotted = (first: number, second: number, index: number): string =>
  `${first}.${second}.${index >> 8}.${index & 0xff}`;

export const leafAddress = (index: number): string => dotted(10, 0, index + 1);
export const reflectorAddress = (index: number): string => dotted(10, 255, index + 1);
/** Where a leaf's tunnels end; the other one after it was renumbered. */
export const vtepAddress = (leaf: number, renumbered: boolean): string =>
  dotted(10, renumbered ? 2 : 1, leaf + 1);

export const allVnis = (shape: FabricShape): readonly number[] =>
  Array.from({ length: shape.vnis }, (_, index) => FIRST_VNI + index);

export class Configurations {
  readonly #shape: FabricShape;
  readonly #leaf: Config;
  readonly #reflector: Config;

  constructor(shape: FabricShape) {
    this.#shape = shape;
    this.#leaf = parsed(leafYaml(shape));
    this.#reflector = parsed(reflectorYaml(shape));
  }

  leaf(index: number): Config {
    const { ebgp } = this.#shape;
    const asn = ebgp ? FIRST_LEAF_AS + index : REFLECTOR_AS;
    return withAddress(this.#leaf, leafAddress(index), asn, undefined);
  }

  reflector(index: number): Config {
    const { leaves, dynamic, ebgp, sharedCluster } = this.#shape;
    const cluster = sharedCluster ? reflectorAddress(0) : undefined;
    const named = withAddress(this.#reflector, reflectorAddress(index), REFLECTOR_AS, cluster);
    const others = named.neighbors.filter(({ address }) => address !== reflectorAddress(index));
    if (dynamic) return { ...named, neighbors: others };
    const { session } = named.listenRanges[0]!;
    const configured = Array.from({ length: leaves }, (_, leaf) => ({
      ...session,
      remoteAs: ebgp ? FIRST_LEAF_AS + leaf : REFLECTOR_AS,
      address: leafAddress(leaf),
      peerGroup: undefined,
    }));
    return { ...named, neighbors: [...others, ...configured], listenRanges: [] };
  }

  /**
   * With these VNIs declared, and with the number of the route distinguisher if they have one of their own. Where VNIs are
   * found, nothing is declared while all are there.
   */
  evpn(leaf: number, distinguishers: ReadonlyMap<number, number | undefined>): Config['evpn'] {
    const { evpn } = this.#leaf;
    const vnis = [...distinguishers];
    const isPlain = vnis.length === this.#shape.vnis && vnis.every(([, number]) => number === undefined);
    if (isPlain) return evpn;
    const template = this.#reflector.evpn.vnis[0]!;
    const declared = vnis.map(([vni, number]) => {
      return {
        ...template,
        vni,
        rd: number === undefined ? undefined : `${leafAddress(leaf)}:${5000 + 10 * vni + number}`,
      };
    });
    return { ...evpn, advertiseAllVni: false, vnis: declared };
  }
}

function parsed(yaml: string): Config {
  const { config, problems } = parseConfig(yaml, 'simulated.yaml');
  if (!config) throw new Error(problems.map(({ path, expected }) => `${path}: ${expected}`).join('; '));
  return config;
}

function withAddress(config: Config, address: string, asn: number, clusterId = address): Config {
  const router = { ...config.router, asn, routerId: address, clusterId };
  return { ...config, router, listen: { ...config.listen, addresses: [address] } };
}

const common = ({ holdSeconds, auditSeconds }: FabricShape): string => `
router: { asn: ${REFLECTOR_AS}, router-id: 10.0.0.1 }
timers: { hold: ${holdSeconds}, keepalive: ${holdSeconds / 3} }
dataplane: { type: memory, audit-interval: ${auditSeconds} }
`;

const reflectorsAsNeighbors = ({ reflectors, ebgp }: FabricShape, ofLeaf: boolean): string =>
  Array.from({ length: reflectors }, (_, index) => {
    const remoteAs = ebgp && ofLeaf ? REFLECTOR_AS : 'internal';
    return `{ address: ${reflectorAddress(index)}, remote-as: ${remoteAs} }`;
  }).join(', ');

const leafYaml = (shape: FabricShape): string => `${common(shape)}
neighbors: [ ${reflectorsAsNeighbors(shape, true)} ]
evpn: ${
  shape.declared
    ? `{ advertise-all-vni: false, vnis: [ ${allVnis(shape)
        .map((vni) => `{ vni: ${vni} }`)
        .join(', ')} ] }`
    : '{ advertise-all-vni: true }'
}
`;

/** The VNI is a pattern for those of leaves: no reflector has it in its dataplane. */
const reflectorYaml = (shape: FabricShape): string => `${common(shape)}
neighbors: [ ${reflectorsAsNeighbors(shape, false)} ]
evpn: { advertise-all-vni: false, vnis: [ { vni: ${FIRST_VNI} } ] }
peer-groups:
  LEAF: ${shape.ebgp ? '{ remote-as: external }' : '{ remote-as: internal, route-reflector-client: true }'}
listen-ranges: [ { prefix: 10.0.0.0/16, peer-group: LEAF, limit: 65000 } ]
`;
