/** What a reload has to do: nothing for what did not change, and no more than needed for what did. */
import t from 'tap';
import {
  type Config,
  type ConfigChange,
  diffConfig,
  parseConfig,
  printChange,
} from '../../src/config/index.ts';

const BASE = `
router: { asn: 65000, router-id: 10.0.0.1 }
peer-groups:
  spines: { remote-as: internal, timers: { hold: 9 } }
neighbors:
  - { address: 10.0.0.100, peer-group: spines }
  - { address: 10.0.0.101, peer-group: spines, description: second }
listen-ranges:
  - { prefix: 10.1.0.0/24, peer-group: spines }
evpn:
  vnis: [ { vni: 10 }, { vni: 20, rd: "10.0.0.1:20" } ]
dataplane: { type: memory }
`;

function parsed(text: string): Config {
  const { config, problems } = parseConfig(text, 'f');
  if (!config) throw new Error(JSON.stringify(problems));
  return config;
}

const changes = (from: string, to: string): ConfigChange[] =>
  diffConfig(parsed(BASE), parsed(BASE.replace(from, to)));

t.test('the same file, or one that says the same in other words, changes nothing', async (t) => {
  t.same(changes('', ''), []);
  t.same(changes('timers: { hold: 9 }', 'timers: { hold: 9, keepalive: 3 }'), [], 'a default written out');
  t.same(changes('remote-as: internal,', 'remote-as: internal, port: 179,'), []);
});

t.test('each kind of change: its type, its cost, its words', async (t) => {
  const cases: [string, string, string[], string[]][] = [
    [
      'dataplane:',
      'graceful-restart: { restart-time: 60 }\ndataplane:',
      ['graceful-restart-changed restart'],
      ['graceful-restart: restart-time changed (needs a restart of evpnd)'],
    ],
    [
      'description: second',
      'description: other',
      ['neighbor-changed soft'],
      ['neighbor 10.0.0.101: description changed'],
    ],
    [
      'description: second',
      'password: secret',
      ['neighbor-changed reset'],
      ['neighbor 10.0.0.101: description, password changed (resets the session)'],
    ],
    [
      '  - { address: 10.0.0.101, peer-group: spines, description: second }\n',
      '',
      ['neighbor-removed reset'],
      ['neighbor 10.0.0.101 removed'],
    ],
    [
      'listen-ranges:',
      '  - { address: 10.0.0.102, remote-as: 65001 }\nlisten-ranges:',
      ['neighbor-added soft'],
      ['neighbor 10.0.0.102 added'],
    ],
    [
      'hold: 9',
      'hold: 30',
      ['neighbor-changed reset', 'neighbor-changed reset', 'listen-range-changed reset'],
      [
        'neighbor 10.0.0.100: timers changed (resets the session)',
        'neighbor 10.0.0.101: timers changed (resets the session)',
        'listen range 10.1.0.0/24: peer-group settings changed (resets the session)',
      ],
    ],
    [
      'hold: 9',
      'hold: 9, connect-retry: 5',
      ['neighbor-changed soft', 'neighbor-changed soft', 'listen-range-changed soft'],
      [
        'neighbor 10.0.0.100: timers changed',
        'neighbor 10.0.0.101: timers changed',
        'listen range 10.1.0.0/24: peer-group settings changed',
      ],
    ],
    [
      '10.1.0.0/24, peer-group: spines',
      '10.1.0.0/24, peer-group: spines, limit: 5',
      ['listen-range-changed soft'],
      ['listen range 10.1.0.0/24: limit changed'],
    ],
    [
      '10.1.0.0/24',
      '10.2.0.0/24',
      ['listen-range-removed reset', 'listen-range-added soft'],
      ['listen range 10.1.0.0/24 removed', 'listen range 10.2.0.0/24 added'],
    ],
    [
      '{ vni: 10 }',
      '{ vni: 11 }',
      ['vni-removed soft', 'vni-added soft'],
      ['VNI 10 removed from the configuration', 'VNI 11 added to the configuration'],
    ],
    ['10.0.0.1:20', '10.0.0.1:21', ['vni-changed soft'], ['VNI 20: rd changed']],
    ['{ vni: 10 }', '{ vni: 10, maximum-macs: 5 }', ['vni-changed soft'], ['VNI 10: maximum-macs changed']],
    [
      'description: second',
      'description: second, maximum-prefix: { limit: 10 }',
      ['neighbor-changed soft'],
      ['neighbor 10.0.0.101: maximum-prefix changed'],
    ],
    ['evpn:', 'evpn:\n  vtep: 10.0.0.1', ['evpn-changed soft'], ['evpn: vtep changed']],
    [
      'type: memory',
      'type: memory, correct: true',
      ['dataplane-changed soft'],
      ['dataplane: correct changed'],
    ],
    [
      'type: memory',
      'type: kernel',
      ['dataplane-changed restart'],
      ['dataplane: type changed (needs a restart of evpnd)'],
    ],
    [
      'asn: 65000',
      'asn: 65001',
      ['router-changed restart'],
      ['router: asn changed (needs a restart of evpnd)'],
    ],
    ['dataplane:', 'log: { level: debug }\ndataplane:', ['log-changed soft'], ['log: level changed']],
    ['dataplane:', 'listen: { port: 1179 }\ndataplane:', ['listen-changed soft'], ['listen: port changed']],
    [
      'dataplane:',
      'control: { socket: /tmp/s }\ndataplane:',
      ['control-changed restart'],
      ['control: socket changed (needs a restart of evpnd)'],
    ],
  ];
  for (const [from, to, types, words] of cases) {
    const seen = changes(from, to);
    t.same(
      seen.map(({ type, effect }) => `${type} ${effect}`),
      types,
      to,
    );
    t.same(seen.map(printChange), words, to);
  }
});

t.test('a neighbour that moves in the file has not changed', async (t) => {
  const lines = BASE.split('\n');
  const [first, second] = [5, 6];
  const swapped = lines.map((line, index) =>
    index === first ? lines[second] : index === second ? lines[first] : line,
  );
  t.same(diffConfig(parsed(BASE), parsed(swapped.join('\n'))), []);
});
