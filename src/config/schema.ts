/**
 * The shape of the configuration file: which keys there are, and what each may hold. The published JSON schema
 * (`evpnd.schema.json`) is generated from it. What one value has to do with another is in `checks.ts`.
 */
import { z } from 'zod';
import {
  DATAPLANE_TYPES,
  DEFAULTS,
  GRACEFUL_RESTART_MODES,
  LOG_FORMATS,
  LOG_LEVELS,
  MAXIMUM_PREFIX_ACTIONS,
  TUNNEL_KEYS,
} from './config.ts';
import * as value from './values.ts';

/** A scalar of the file. Its issue carries what was wanted and the words to choose a suggestion from. */
const leaf = <T>(type: value.ValueType<T>, description: string, fallback?: unknown) =>
  z
    .string({ error: type.wanted })
    .transform((seen, context): T => {
      const parsed = type.parse(seen);
      if (parsed !== undefined) return parsed;
      context.addIssue({ code: 'custom', message: type.wanted, params: { words: type.words } });
      return z.NEVER;
    })
    .meta({ ...type.json, description, ...(fallback === undefined ? {} : { default: fallback }) });

/** A section or list: written without content (all of it commented out, say) it counts as not there. */
const section = <T extends z.ZodType>(inner: T) =>
  z.preprocess((seen) => (seen === '' ? undefined : seen), inner);

const asn = leaf(value.asNumber, 'Our AS number');
const seconds = (max: number, what: string, fallback?: number) =>
  leaf(value.integer(1, max, 'a number of seconds'), what, fallback);

const timers = z
  .strictObject({
    hold: leaf(value.holdTime, 'Silence after which a peer is dead, in seconds; 0: never', 9).optional(),
    keepalive: leaf(
      value.integer(0, 21845, 'a number of seconds'),
      'Between keepalives; a third of hold unless set',
    ).optional(),
    'connect-retry': seconds(3600, 'Between attempts to connect', 10).optional(),
  })
  .meta({ description: 'Session timers, in seconds' });

const gracefulRestart = z
  .strictObject({
    mode: leaf(
      value.word(GRACEFUL_RESTART_MODES),
      'restarter: peers are asked to keep our routes while evpnd restarts; helper: it only keeps theirs',
      DEFAULTS.gracefulRestart.mode,
    ).optional(),
    'restart-time': leaf(
      value.integer(1, 4095, 'a number of seconds'),
      'How long peers are asked to wait for us to come back, in seconds',
      DEFAULTS.gracefulRestart.restartTimeSeconds,
    ).optional(),
    'select-defer-time': leaf(
      value.integer(1, 300, 'a number of seconds'),
      'How long evpnd waits after a restart for the routes of its peers before it announces any, in seconds',
      DEFAULTS.gracefulRestart.selectDeferTimeSeconds,
    ).optional(),
  })
  .meta({ description: 'Graceful restart (RFC 4724)' });

const maximumPrefix = z
  .strictObject({
    limit: leaf(value.integer(1, 0xffffffff, 'a number of routes'), 'So many at most'),
    'warning-percent': leaf(
      value.integer(1, 100, 'a percentage'),
      'Warn at this share of the limit',
      DEFAULTS.maximumPrefix.warningPercent,
    ).optional(),
    action: leaf(
      value.word(MAXIMUM_PREFIX_ACTIONS),
      'Beyond the limit: warn only, or end the session and restart it after a time, or keep it down until it is cleared',
      DEFAULTS.maximumPrefix.action,
    ).optional(),
    'restart-minutes': leaf(
      value.integer(1, 1440, 'a number of minutes'),
      'How long the session stays down with action restart',
      DEFAULTS.maximumPrefix.restartMinutes,
    ).optional(),
  })
  .meta({ description: 'Limit of the routes that the neighbour announces (RFC 4271 section 6.7)' });

const maximumMacs = (description: string) =>
  leaf(value.integer(1, 0xffffffff, 'a number of MAC addresses'), description).optional();

const session = {
  'remote-as': leaf(
    value.remoteAs,
    "The peer's AS: a number, internal, or external (any but ours)",
  ).optional(),
  description: leaf(value.text('a description', 255), 'For people').optional(),
  'update-source': leaf(value.updateSource, 'Local address, or the interface that has it').optional(),
  passive: leaf(value.flag, 'Wait for the peer to connect', false).optional(),
  timers: section(timers.optional()),
  password: leaf(value.text('a password', 80), 'TCP MD5 key (RFC 2385)').optional(),
  'ttl-security-hops': leaf(
    value.integer(1, 254, 'a number of hops'),
    'GTSM (RFC 5082): the peer is this near',
  ).optional(),
  'ebgp-multihop': leaf(
    value.integer(1, 255, 'a number of hops'),
    'TTL of an eBGP session over routers',
  ).optional(),
  'route-reflector-client': leaf(value.flag, 'Reflect routes to and from it (RFC 4456)', false).optional(),
  'enforce-first-as': leaf(
    value.flag,
    'Take routes of an external peer only when their AS_PATH begins with its AS (RFC 4271 section 6.3)',
    true,
  ).optional(),
  shutdown: leaf(
    value.shutdown,
    'Keep the session down; a text is sent to the peer (RFC 9003)',
    false,
  ).optional(),
  port: leaf(value.integer(1, 65535, 'a TCP port'), 'TCP port of the peer', DEFAULTS.port).optional(),
  families: section(
    z.array(leaf(value.family, 'An address family')).min(1, 'at least one family').optional(),
  ),
  'maximum-prefix': section(maximumPrefix.optional()),
};

const routeTargets = (description: string) =>
  section(
    z.array(leaf(value.routeTarget, 'A route target')).min(1, 'at least one route target').optional(),
  ).meta({
    description,
  });

const vni = z.strictObject({
  vni: leaf(value.integer(1, 0xffffff, 'a VNI'), 'VXLAN network identifier'),
  rd: leaf(value.routeDistinguisher, 'Route distinguisher; router-id:index unless set').optional(),
  'route-targets': section(
    z
      .strictObject({
        import: routeTargets('Take in routes with any of these'),
        export: routeTargets('Put these on our routes'),
        both: routeTargets('Both import and export'),
      })
      .optional(),
  ),
  'maximum-macs': maximumMacs('Remote MACs taken in at most; as evpn.maximum-macs unless set'),
});

const memoryHost = z.strictObject({
  vni: leaf(value.integer(1, 0xffffff, 'a VNI'), 'VXLAN network identifier'),
  mac: leaf(value.hostMac, 'MAC address of the host'),
  ip: leaf(value.address, 'IP address of the host').optional(),
});

const tls = section(
  z
    .strictObject({
      ca: leaf(value.filePath, 'Certificate of the authority that signed the other side, in PEM'),
      certificate: leaf(value.filePath, 'Our certificate, in PEM'),
      'private-key': leaf(value.filePath, 'Its private key, in PEM'),
    })
    .optional(),
).meta({ description: 'For ssl and pssl; both sides show a certificate' });

const binding = z.strictObject({
  port: leaf(value.text('the name of a port', 255), 'Name of a Physical_Port'),
  vlan: leaf(value.integer(0, 4095, 'a VLAN'), 'VLAN on that port; 0: untagged'),
  vni: leaf(value.integer(1, 0xffffff, 'a VNI'), 'VXLAN network identifier'),
});

const hardwareSwitch = z.strictObject({
  name: leaf(value.switchName, 'Name in the Physical_Switch table'),
  connection: leaf(value.ovsdbConnection, 'Where its OVSDB server is, or where it dials us'),
  tls,
  lock: leaf(value.text('the name of a lock', 255), 'Write only while holding this OVSDB lock').optional(),
  'arp-suppression': leaf(value.flag, 'Tell it the IP addresses of remote hosts', false).optional(),
  'tunnel-keys': leaf(
    value.word(TUNNEL_KEYS),
    'Where VNIs stand in what evpnd makes',
    'logical-switch',
  ).optional(),
  'away-time': leaf(
    value.integer(1, 86400, 'a number of seconds'),
    'Seconds without connection until its hosts are withdrawn',
    DEFAULTS.awaySeconds,
  ).optional(),
  bindings: section(z.array(binding).optional()).meta({
    description: 'Which VLAN of which port is in which VNI',
  }),
});

export const configSchema = z
  .strictObject({
    router: section(
      z.strictObject({
        asn,
        'router-id': leaf(value.dottedId, 'BGP identifier'),
        'cluster-id': leaf(value.dottedId, 'Route reflection cluster; the router id unless set').optional(),
        'host-name': leaf(
          value.text('a host name', 64),
          "Sent to peers; the machine's name unless set",
        ).optional(),
      }),
    ),
    timers: section(timers.optional()),
    'peer-groups': section(
      z.record(z.string().min(1), section(z.strictObject(session).optional())).optional(),
    ).meta({
      description: 'Settings that neighbours share, by name',
    }),
    neighbors: section(
      z
        .array(
          z.strictObject({
            address: leaf(value.neighborAddress, "The peer's address"),
            'peer-group': leaf(value.text('a name', 64), 'Takes over its settings').optional(),
            ...session,
          }),
        )
        .optional(),
    ),
    'graceful-restart': section(gracefulRestart.optional()),
    'listen-ranges': section(
      z
        .array(
          z.strictObject({
            prefix: leaf(value.prefix, 'Peers that connect from here are accepted'),
            'peer-group': leaf(value.text('a name', 64), 'Their settings'),
            limit: leaf(
              value.integer(1, 65535, 'a number of neighbours'),
              'So many at most',
              DEFAULTS.listenLimit,
            ).optional(),
          }),
        )
        .optional(),
    ),
    listen: section(
      z
        .strictObject({
          addresses: section(z.array(leaf(value.listenAddress, 'An address of ours')).optional()).meta({
            description: 'Empty list: accept no connection',
          }),
          port: leaf(value.integer(1, 65535, 'a TCP port'), 'TCP port', DEFAULTS.port).optional(),
        })
        .optional(),
    ),
    evpn: section(
      z
        .strictObject({
          'advertise-all-vni': leaf(value.flag, 'Every VNI of the dataplane takes part', true).optional(),
          vtep: leaf(value.address, "Tunnel source; the VXLAN device's own unless set").optional(),
          vnis: section(z.array(vni).optional()),
          'maximum-macs': maximumMacs('Remote MACs of one VNI at most; any number unless set'),
          'duplicate-detection': section(
            z
              .strictObject({
                enabled: leaf(value.flag, 'Notice MACs that move too often', true).optional(),
                'max-moves': leaf(
                  value.integer(2, 1000, 'a number of moves'),
                  'Moves within the window',
                  5,
                ).optional(),
                window: leaf(
                  value.integer(2, 1800, 'a number of seconds'),
                  'Window in seconds',
                  180,
                ).optional(),
                freeze: leaf(
                  value.flag,
                  'A duplicate stays where it is until it is cleared',
                  false,
                ).optional(),
              })
              .optional(),
          ),
        })
        .optional(),
    ),
    dataplane: section(
      z
        .strictObject({
          type: leaf(value.word(DATAPLANE_TYPES), 'What forwards the frames', 'kernel').optional(),
          correct: leaf(value.flag, 'Set learning off and neigh_suppress on where wrong', false).optional(),
          'audit-interval': leaf(
            value.integer(0, 86400, 'a number of seconds'),
            'Seconds between full comparisons; 0: never',
            DEFAULTS.auditIntervalSeconds,
          ).optional(),
          'keep-on-exit': leaf(
            value.flag,
            'A stop is a graceful restart: our entries stay, and peers are asked to keep our routes',
            false,
          ).optional(),
          hosts: section(z.array(memoryHost).optional()).meta({
            description: 'Of type memory: hosts that it pretends to have learned',
          }),
          'state-directory': leaf(
            value.filePath,
            'Of type hardware-vtep: where it is kept which rows are ours',
            DEFAULTS.stateDirectory,
          ).optional(),
          tls,
          switches: section(z.array(hardwareSwitch).optional()).meta({
            description: 'Of type hardware-vtep: the switches, each a VTEP of its own',
          }),
        })
        .optional(),
    ),
    control: section(
      z
        .strictObject({
          socket: leaf(value.socketPath, 'Where evpnctl finds the daemon', DEFAULTS.socket).optional(),
          mode: leaf(value.fileMode, 'Permission bits of the socket', '0660').optional(),
        })
        .optional(),
    ),
    log: section(
      z
        .strictObject({
          level: leaf(value.word(LOG_LEVELS), 'Least severe that is logged', 'info').optional(),
          format: leaf(value.word(LOG_FORMATS), 'For people or for machines', 'text').optional(),
        })
        .optional(),
    ),
  })
  .meta({ title: 'evpnd configuration' });

/** The file after its values were checked one by one. */
export type ConfigFile = z.output<typeof configSchema>;
export type SessionFile = NonNullable<NonNullable<ConfigFile['peer-groups']>[string]>;

/** For editors: describes the file as YAML tools read it (numbers as numbers). */
export function jsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(configSchema, { io: 'input' }) };
}
