/** A daemon's answers without a daemon: a leaf with a spine, two remote leaves, and one of each kind of trouble. */
import type {
  ArpView,
  BgpSummaryView,
  BgpVniView,
  ClearRequest,
  ControlBackend,
  EvpnView,
  HardwareVtepView,
  MacView,
  NeighborSummary,
  NeighborView,
  PathView,
  RouteView,
  RtConstraintView,
  VniView,
  VtepView,
  WatchEvent,
  WatchSubject,
} from '../../src/control/index.ts';

const AT = '2026-11-20T23:49:38.000Z';

const spine: NeighborSummary = {
  address: '10.0.0.100',
  hostName: 'spine1',
  description: 'uplink to pod 1',
  peerGroup: 'spines',
  dynamic: false,
  kind: 'ibgp',
  remoteAs: 65000,
  state: 'Established',
  shutdown: false,
  messagesReceived: 141,
  messagesSent: 103,
  inQueue: 0,
  outQueue: 0,
  sinceSeconds: 58,
  prefixesReceived: 8,
  prefixesAccepted: 8,
  prefixesSent: 5,
  families: ['l2vpn-evpn'],
};

const broken: NeighborSummary = {
  ...spine,
  address: 'fd00::101',
  hostName: undefined,
  description: undefined,
  kind: 'ebgp',
  remoteAs: 4200000000,
  state: 'Active',
  messagesReceived: 0,
  messagesSent: 12,
  sinceSeconds: undefined,
  prefixesReceived: 0,
  prefixesAccepted: 0,
  prefixesSent: 0,
  reason: 'OPEN rejected: peer is in AS 65002, configured remote-as is 4200000000',
};

const summary: BgpSummaryView = {
  routerId: '10.0.0.1',
  localAs: 65000,
  clusterId: '10.0.0.1',
  hostName: 'leaf1',
  tableVersion: 47,
  destinations: 11,
  paths: 12,
  memoryOctets: 2112,
  peerGroups: 1,
  neighbors: [spine, broken],
  listenRanges: [{ prefix: '10.1.0.0/24', peerGroup: 'spines', limit: 100, neighbors: 0 }],
};

const counts = {
  open: 1,
  notification: 0,
  update: 40,
  keepalive: 52,
  routeRefresh: 1,
  total: 94,
  octets: 5120,
};

const established: NeighborView = {
  ...spine,
  localAs: 65000,
  remoteRouterId: '10.0.0.100',
  localRouterId: '10.0.0.1',
  softwareVersion: 'FRRouting/8.4.4',
  lastReadSeconds: 2,
  lastWriteSeconds: 2,
  holdTimeSeconds: 9,
  keepaliveSeconds: 3,
  configuredHoldTimeSeconds: 9,
  configuredKeepaliveSeconds: 3,
  connectRetrySeconds: 10,
  passive: false,
  passwordSet: true,
  updateSource: 'lo',
  capabilities: [
    { name: '4 Byte AS', advertised: true, received: true },
    { name: 'Extended Message', advertised: true, received: false },
    {
      name: 'Hostname Capability',
      advertised: true,
      received: true,
      detail: 'advertised (name: leaf1) received (name: spine1)',
    },
  ],
  gracefulRestart: {
    localMode: 'restarter',
    remoteMode: 'helper',
    restartTimeSeconds: 120,
    remoteRestartTimeSeconds: 90,
    localRestarting: true,
    remoteRestarting: false,
    notification: true,
    families: [{ family: 'l2vpn-evpn', localForwarding: true }],
    deferralSeconds: 42,
    awaited: true,
  },
  sent: counts,
  received: { ...counts, update: 82, total: 136, octets: 9000 },
  familyViews: [
    {
      family: 'l2vpn-evpn',
      prefixesReceived: 8,
      prefixesAccepted: 8,
      prefixesSent: 5,
      endOfRibReceived: true,
      endOfRibSent: true,
      queued: 0,
      routeReflectorClient: false,
    },
  ],
  connectionsEstablished: 5,
  connectionsDropped: 4,
  lastReset: {
    at: AT,
    agoSeconds: 63,
    reason: 'Notification sent (Hold Timer Expired)',
    direction: 'sent',
    code: 4,
    subcode: 0,
  },
  malformedUpdates: { treatedAsWithdraw: 1, attributeDiscarded: 0, sessionReset: 0 },
  localAddress: '10.0.0.1',
  localPort: 33707,
  remotePort: 179,
};

const failing: NeighborView = {
  ...broken,
  localAs: 65000,
  localRouterId: '10.0.0.1',
  configuredHoldTimeSeconds: 9,
  configuredKeepaliveSeconds: 3,
  connectRetrySeconds: 10,
  nextConnectSeconds: 4,
  passive: false,
  passwordSet: false,
  ebgpMultihop: 2,
  capabilities: [],
  gracefulRestart: {
    localMode: 'restarter',
    restartTimeSeconds: 120,
    localRestarting: false,
    remoteRestarting: false,
    notification: false,
    families: [],
    awaited: false,
    staleSeconds: 57,
  },
  sent: { ...counts, update: 0, total: 12 },
  received: { ...counts, update: 0, total: 0 },
  familyViews: [],
  connectionsEstablished: 0,
  connectionsDropped: 0,
  lastError: broken.reason,
  malformedUpdates: { treatedAsWithdraw: 0, attributeDiscarded: 0, sessionReset: 0 },
};

const local: PathView = {
  best: true,
  valid: true,
  reason: 'only path',
  source: 'local',
  nextHop: '10.0.0.1',
  origin: 'igp',
  asPath: '',
  weight: 32768,
  extendedCommunities: ['ET:8', 'RT:65000:10', 'MM:2'],
  labels: [10],
  mobilitySequence: 2,
  lastUpdate: AT,
  ageSeconds: 118,
};

const learned: PathView = {
  best: true,
  valid: true,
  reason: 'only path',
  source: 'ibgp',
  peer: '10.0.0.100',
  peerHostName: 'spine1',
  peerRouterId: '10.0.0.100',
  nextHop: '10.0.0.3',
  nextHopReachable: true,
  origin: 'igp',
  asPath: '',
  localPreference: 100,
  weight: 0,
  originatorId: '10.0.0.3',
  clusterList: ['10.0.0.100'],
  extendedCommunities: ['RT:65000:10', 'ET:8'],
  labels: [10],
  lastUpdate: AT,
  ageSeconds: 63,
};

export const ROUTES: readonly RouteView[] = [
  macIp('10.0.0.1:2', '02:00:00:00:00:01', undefined, [local], []),
  macIp('10.0.0.1:2', '02:00:00:00:00:01', '10.10.10.11', [local], []),
  {
    rd: '10.0.0.1:2',
    key: '[3]:[0]:[32]:[10.0.0.1]',
    type: 3,
    typeName: 'inclusive-multicast',
    ethernetTag: 0,
    originator: '10.0.0.1',
    paths: [
      {
        ...local,
        extendedCommunities: ['ET:8', 'RT:65000:10'],
        pmsiTunnel: 'Ingress Replication, label: 10',
      },
    ],
    imports: [],
    advertisedTo: ['10.0.0.100'],
  },
  macIp(
    '10.0.0.2:2',
    '02:00:00:00:00:02',
    '10.10.10.12',
    [
      { ...learned, nextHop: '10.0.0.2', origin: 'incomplete', med: 0, reason: 'higher local preference' },
      {
        ...learned,
        best: false,
        reason: 'lower local preference than the best path',
        source: 'ebgp',
        peer: 'fd00::101',
        peerHostName: undefined,
        nextHop: '10.0.0.2',
        localPreference: undefined,
        asPath: '65002 65010',
        originatorId: undefined,
        clusterList: undefined,
      },
    ],
    [{ vni: 10, imported: true }],
  ),
  macIp('10.0.0.3:2', '02:00:00:00:00:03', undefined, [learned], [{ vni: 10, imported: true }]),
];

function macIp(
  rd: string,
  mac: string,
  ip: string | undefined,
  paths: readonly PathView[],
  imports: RouteView['imports'],
): RouteView {
  const tail = ip === undefined ? '' : `:[32]:[${ip}]`;
  const key = `[2]:[0]:[48]:[${mac}]${tail}`;
  return { rd, key, type: 2, typeName: 'mac-ip', ethernetTag: 0, mac, ip, paths, imports, advertisedTo: [] };
}

const vni10: VniView = {
  vni: 10,
  type: 'L2',
  up: true,
  tenantVrf: 'default',
  vxlanInterface: 'vxlan10',
  bridge: 'br10',
  sviInterface: 'br10',
  mtu: 1450,
  localVtep: '10.0.0.1',
  remoteVteps: [
    { vtep: '10.0.0.3', state: 'held', reason: 'no route to VTEP 10.0.0.3' },
    { vtep: '10.0.0.2', state: 'installed' },
  ],
  localMacs: 1,
  remoteMacs: 2,
  localNeighbors: 1,
  remoteNeighbors: 1,
  duplicateMacs: 0,
  warnings: ['learning is on on vxlan10'],
};

const vni20: VniView = {
  ...vni10,
  vni: 20,
  up: false,
  reason: 'declared in the configuration, and no VXLAN device has it',
  vxlanInterface: undefined,
  bridge: undefined,
  sviInterface: undefined,
  localVtep: undefined,
  remoteVteps: [],
  localMacs: 0,
  remoteMacs: 0,
  localNeighbors: 0,
  remoteNeighbors: 0,
  warnings: [],
};

const mac: MacView = {
  vni: 10,
  mac: '02:00:00:00:00:01',
  type: 'local',
  port: 'swp1',
  localSequence: 2,
  remoteSequence: 1,
  sticky: false,
  gateway: false,
  duplicate: false,
  state: 'active',
  neighbors: ['10.10.10.11'],
  ageSeconds: 118,
};

const MACS: readonly MacView[] = [
  mac,
  {
    ...mac,
    mac: '02:00:00:00:00:02',
    type: 'remote',
    port: undefined,
    vtep: '10.0.0.2',
    localSequence: 0,
    remoteSequence: 0,
    state: 'installed',
    neighbors: ['10.10.10.12'],
  },
  {
    ...mac,
    mac: '02:00:00:00:00:03',
    type: 'remote',
    port: undefined,
    vtep: '10.0.0.3',
    localSequence: 0,
    remoteSequence: 0,
    sticky: true,
    state: 'held',
    reason: 'no route to VTEP 10.0.0.3',
    neighbors: [],
  },
];

const arp: ArpView = {
  vni: 10,
  ip: '10.10.10.11',
  mac: '02:00:00:00:00:01',
  type: 'local',
  localSequence: 2,
  remoteSequence: 0,
  router: false,
  duplicate: false,
  state: 'active',
  ageSeconds: 120,
};

const ARPS: readonly ArpView[] = [
  arp,
  {
    ...arp,
    ip: 'fd10:10::12',
    mac: '02:00:00:00:00:02',
    type: 'remote',
    vtep: '10.0.0.2',
    state: 'installed',
  },
];

const VTEPS: readonly VtepView[] = [
  { vtep: '10.0.0.2', reachable: true, vnis: [10], macs: 1, neighbors: 1, held: 0 },
  { vtep: '10.0.0.3', reachable: false, reason: 'no route', vnis: [10], macs: 1, neighbors: 0, held: 2 },
];

const RT_CONSTRAINT: readonly RtConstraintView[] = [
  { lengthBits: 0, own: false, neighbors: ['10.0.0.100'] },
  { lengthBits: 96, originAs: 65000, routeTarget: '65000:10', own: true, neighbors: ['10.0.0.3'] },
];

const bgpVni: BgpVniView = {
  vni: 10,
  type: 'L2',
  inDataplane: true,
  configured: false,
  rd: '10.0.0.1:2',
  rdAuto: true,
  importRouteTargets: ['65000:10'],
  exportRouteTargets: ['65000:10'],
  importAuto: true,
  exportAuto: true,
  originator: '10.0.0.1',
  sviInterface: 'br10',
  tenantVrf: 'default',
  routesOriginated: 3,
  routesImported: 2,
  warnings: [],
};

const overview: EvpnView = {
  l2Vnis: 2,
  l3Vnis: 0,
  advertiseAllVni: true,
  localVtep: '10.0.0.1',
  localMacs: 1,
  remoteMacs: 2,
  localNeighbors: 1,
  remoteNeighbors: 1,
  remoteVteps: 2,
  duplicateDetection: { enabled: true, maxMoves: 5, windowSeconds: 180, freeze: false, duplicates: 0 },
  dataplane: {
    kind: 'kernel',
    status: 'in-sync',
    correct: false,
    desired: 4,
    installed: 4,
    pending: 0,
    failed: 0,
    held: 2,
    written: 9,
    repaired: 1,
    pruned: 0,
    adopted: 0,
    dumps: 2,
    overruns: 0,
  },
  problems: [{ subject: 'vni 10', text: 'learning is on on vxlan10', since: AT }],
};

/** One that is well, and one that is away. */
const HARDWARE_VTEPS: readonly HardwareVtepView[] = [
  {
    name: 'torus1',
    description: 'OVS VTEP Emulator',
    connection: {
      endpoint: 'tcp:192.0.2.5:6640',
      state: 'ready',
      schemaVersion: '1.7.0',
      monitor: 'monitor_cond_since',
      established: 2,
    },
    present: true,
    tunnelIps: ['10.0.0.5'],
    managementIps: ['192.0.2.5'],
    faults: ['mac_table_exhaustion'],
    ports: [
      {
        name: 'p1',
        faults: [],
        bindings: [
          {
            vlan: 0,
            vni: 10,
            logicalSwitch: 'evpnd-vni10',
            configured: true,
            state: 'bound',
          },
          {
            vlan: 30,
            vni: 30,
            configured: true,
            state: 'failed',
            reason: 'another controller has bound VLAN 30 to ls30 (VNI 300); evpnd leaves it alone',
          },
        ],
      },
      {
        name: 'p2',
        faults: ['invalid_vlan_map'],
        bindings: [{ vlan: 20, vni: 20, logicalSwitch: 'ls20', configured: false, state: 'bound' }],
      },
    ],
    logicalSwitches: [
      {
        name: 'evpnd-vni10',
        vni: 10,
        ours: true,
        replicationMode: 'source_node',
        localMacs: 1,
        remoteMacs: 2,
        foreignMacs: 0,
        flood: ['10.0.0.1', '10.0.0.2'],
      },
      { name: 'ls20', vni: 20, ours: false, localMacs: 0, remoteMacs: 0, foreignMacs: 1, flood: [] },
    ],
    locators: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }, { ip: '10.0.0.9', tunnelKey: 20 }],
    rows: { ours: 3, foreign: 1, pending: 0, failed: 1 },
    problems: ['VLANs of port p1: timed out'],
  },
  {
    name: 'torus2',
    connection: {
      endpoint: 'ssl:192.0.2.6:6640',
      state: 'waiting',
      monitor: 'monitor_cond_since',
      established: 0,
      lastError: 'TLS failed: CERT_HAS_EXPIRED: certificate has expired',
    },
    present: false,
    tunnelIps: [],
    managementIps: [],
    faults: [],
    ports: [],
    logicalSwitches: [],
    locators: [],
    rows: { ours: 0, foreign: 0, pending: 0, failed: 0 },
    problems: [],
  },
];

/** What was asked of it, and the listener of the last watch, so that a test can speak as the daemon. */
export interface ExampleBackend extends ControlBackend {
  readonly cleared: ClearRequest[];
  readonly listeners: Set<(event: WatchEvent) => void>;
  readonly watched: (readonly WatchSubject[])[];
}

export function exampleBackend(overrides: Partial<ControlBackend> = {}): ExampleBackend {
  const cleared: ClearRequest[] = [];
  const watched: (readonly WatchSubject[])[] = [];
  const listeners = new Set<(event: WatchEvent) => void>();
  const matches = (query: object, row: object): boolean =>
    Object.entries(query).every(
      ([key, wanted]) => wanted === undefined || (row as Record<string, unknown>)[key] === wanted,
    );
  return {
    cleared,
    listeners,
    watched,
    version: () => ({
      name: 'evpnd',
      version: '0.1.0',
      apiVersion: 1,
      nodeVersion: 'v20.20.2',
      operatingSystem: 'Linux 6.18.44',
      pid: 4711,
      hostName: 'leaf1',
      startedAt: AT,
      uptimeSeconds: 90061,
      dataplane: 'kernel',
    }),
    runningConfig: () => ({
      file: '/etc/evpnd/evpnd.yaml',
      loadedAt: AT,
      text: 'router:\n  asn: 65000\n  router-id: 10.0.0.1\n',
      config: { router: { asn: 65000, 'router-id': '10.0.0.1' } },
    }),
    bgpSummary: () => summary,
    neighbors: () => [established, failing],
    neighbor: (address) => [established, failing].find((one) => one.address === address),
    routes: ({ vni, detail, ...query }) =>
      ROUTES.filter((route) => matches(query, route) && (vni === undefined || vni === 10)).map(
        ({ advertisedTo, ...route }) => (detail ? { ...route, advertisedTo } : route),
      ),
    advertisedRoutes: (address) => (address === spine.address ? ROUTES.slice(0, 3) : undefined),
    receivedRoutes: (address) => (address === spine.address ? ROUTES.slice(3) : undefined),
    bgpVnis: () => [bgpVni],
    bgpVni: (vni) => (vni === 10 ? bgpVni : undefined),
    evpn: () => overview,
    vnis: () => [vni10, vni20],
    vni: (vni) => [vni10, vni20].find((one) => one.vni === vni),
    macs: (query) => MACS.filter((row) => matches(query, row)),
    arpCache: (query) => ARPS.filter((row) => matches(query, row)),
    vteps: () => VTEPS,
    rtConstraint: () => RT_CONSTRAINT,
    hardwareVteps: () => HARDWARE_VTEPS,
    hardwareVtep: (name) => HARDWARE_VTEPS.find((one) => one.name === name),
    clear(request) {
      cleared.push(request);
      return {
        neighbors: request.neighbor === '*' ? ['10.0.0.100', 'fd00::101'] : [request.neighbor],
        notes: [],
      };
    },
    clearDuplicates: ({ vni }) => ({ cleared: vni === undefined ? 2 : 1 }),
    reload: async () => ({
      file: '/etc/evpnd/evpnd.yaml',
      changes: ['neighbor 10.0.0.101 added'],
      resets: [],
    }),
    watch(subjects, listener) {
      watched.push(subjects);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    ...overrides,
  };
}
