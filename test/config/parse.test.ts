/**
 * The configuration file: what good ones come to, what is said about bad ones (golden files; a run with UPDATE_GOLDEN=1
 * writes them anew), and parse(print(config)) = config.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import t from 'tap';
import { stringify } from 'yaml';
import {
  type Config,
  checkConfig,
  configDocument,
  DEFAULTS,
  jsonSchema,
  loadConfig,
  parseConfig,
  printConfig,
  printProblem,
} from '../../src/config/index.ts';

const folder = (name: string): URL => new URL(`${name}/`, import.meta.url);
const filesOf = (name: string): string[] =>
  readdirSync(folder(name)).filter((file) => file.endsWith('.yaml'));

function golden(file: URL, seen: string): string {
  if (process.env.UPDATE_GOLDEN) writeFileSync(file, seen);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

function parsed(text: string): Config {
  const { config, problems } = parseConfig(text, 'test.yaml');
  if (!config) throw new Error(problems.map(printProblem).join('\n'));
  return config;
}

for (const name of filesOf('good')) {
  t.test(`good/${name} comes to what its golden file holds, and survives being printed`, async (t) => {
    const text = readFileSync(new URL(name, folder('good')), 'utf8');
    const config = parsed(text);
    const json = `${JSON.stringify(config, null, 2)}\n`;
    t.equal(json, golden(new URL(name.replace('.yaml', '.json'), folder('good')), json));
    const printed = printConfig(config);
    t.same(parsed(printed), config, printed);
    t.equal(printConfig(parsed(printed)), printed, 'printing is stable');
  });
}

for (const name of filesOf('bad')) {
  t.test(`bad/${name}: every problem with its place`, async (t) => {
    const { config, problems } = parseConfig(readFileSync(new URL(name, folder('bad')), 'utf8'), name);
    t.equal(config, undefined);
    const text = `${problems.map(printProblem).join('\n')}\n`;
    t.equal(text, golden(new URL(name.replace('.yaml', '.txt'), folder('bad')), text));
  });
}

t.test('a minimal leaf takes at most eight lines', async (t) => {
  const lines = readFileSync(new URL('minimal-leaf.yaml', folder('good')), 'utf8')
    .trim()
    .split('\n');
  t.ok(lines.length <= 8);
});

t.test(
  'a problem is one line: place, path, what was seen, what was wanted, what was perhaps meant',
  async (t) => {
    const text =
      'router: { asn: 1, router-id: 1.1.1.1 }\nneighbors:\n  - address: 10.0.0.1\n    remote-as: interal\n';
    t.same(parseConfig(text, 'evpnd.yaml').problems.map(printProblem), [
      'evpnd.yaml:4:16: neighbors[0].remote-as: saw "interal", expected an AS number, internal or external; did you mean "internal"?',
    ]);
  },
);

t.test('values keep what was written: no YAML typing in between', async (t) => {
  const neighbor = (line: string): Config['neighbors'][number] =>
    parsed(
      `router: { asn: 1.10, router-id: 1.1.1.1 }\nneighbors: [ { address: 10.0.0.1, remote-as: 1, ${line} } ]`,
    ).neighbors[0]!;
  t.equal(neighbor('password: 0123').password, '0123');
  t.equal(neighbor('description: 1e3').description, '1e3');
  t.same(neighbor('shutdown: yes').shutdown, { message: '' });
  t.same(neighbor('shutdown: maintenance until 6').shutdown, { message: 'maintenance until 6' });
  t.equal(parsed('router: { asn: 1.10, router-id: 1.1.1.1 }').router.asn, 65546);
});

t.test(
  'a level that sets hold alone gets a third of it as keepalive, whatever it would inherit',
  async (t) => {
    const timers = (own: string): Config['timers'] =>
      parsed(`
router: { asn: 1, router-id: 1.1.1.1 }
timers: { hold: 90, keepalive: 20 }
peer-groups: { g: { remote-as: 1, timers: { connect-retry: 7 } } }
neighbors: [ { address: 10.0.0.1, peer-group: g, timers: ${own} } ]`).neighbors[0]!.timers;
    t.same(timers('{}'), { holdSeconds: 90, keepaliveSeconds: 20, connectRetrySeconds: 7 });
    t.same(timers('{ hold: 30 }'), { holdSeconds: 30, keepaliveSeconds: 10, connectRetrySeconds: 7 });
    t.same(timers('{ hold: 0 }'), { holdSeconds: 0, keepaliveSeconds: 0, connectRetrySeconds: 7 });
    t.same(timers('{ keepalive: 1 }'), { holdSeconds: 90, keepaliveSeconds: 1, connectRetrySeconds: 7 });
  },
);

t.test('a file that cannot be read is a problem in words, and --check ends with 1', async (t) => {
  const lines: string[] = [];
  t.equal(
    checkConfig('/nonexistent/evpnd.yaml', (line) => lines.push(line)),
    1,
  );
  t.same(lines, [
    '/nonexistent/evpnd.yaml: Cannot read configuration: there is no such file',
    '/nonexistent/evpnd.yaml: 1 problem',
  ]);
  t.match(loadConfig('/').problems[0], { expected: /it is a directory/ });
  const good = fileURLToPath(new URL('spine.yaml', folder('good')));
  lines.length = 0;
  t.equal(
    checkConfig(good, (line) => lines.push(line)),
    0,
  );
  t.match(lines, [
    /good: AS 4200000000, router ID 10.0.0.100, 0 neighbors, 2 listen ranges, 0 declared VNIs/,
  ]);
});

t.test('secrets are hidden where people look, and only there', async (t) => {
  const config = parsed(readFileSync(new URL('everything.yaml', folder('good')), 'utf8'));
  t.match(printConfig(config), /password: "0123"/);
  const shown = printConfig(config, { hideSecrets: true });
  t.notMatch(shown, /0123/);
  t.match(shown, /password: \(hidden\)/);
  const bad =
    'router: { asn: 1, router-id: 1.1.1.1 }\nneighbors: [ { address: 10.0.0.1, remote-as: 1, password: "';
  const problems = parseConfig(`${bad}${'s3cret'.repeat(20)}" } ]`, 'f').problems.map(printProblem);
  t.equal(problems.length, 1);
  t.notMatch(problems[0], /s3cret/);
});

t.test('the published JSON schema is the one that is used (make schema)', async (t) => {
  const published = readFileSync(new URL('../../evpnd.schema.json', import.meta.url), 'utf8');
  t.same(JSON.parse(published), jsonSchema());
});

t.test(
  'every key of the schema stands in good/everything.yaml, or with switches in good/hardware-vtep.yaml',
  async (t) => {
    const files = ['everything.yaml', 'hardware-vtep.yaml'];
    const text = files.map((name) => readFileSync(new URL(name, folder('good')), 'utf8')).join('');
    for (const key of keysOf(jsonSchema())) t.ok(new RegExp(`\\b${key}:`).test(text), key);
  },
);

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode | false;
}

function keysOf({ properties = {}, items, additionalProperties }: SchemaNode): Set<string> {
  const inner = [...Object.values(properties), items, additionalProperties].flatMap((node) => node || []);
  return new Set([...Object.keys(properties), ...inner.flatMap((node) => [...keysOf(node)])]);
}

t.test('the examples of docs/configuration.md are good', async (t) => {
  const text = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  const examples = [...text.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map((match) => match[1]!);
  t.ok(examples.length >= 3);
  for (const example of examples) t.doesNotThrow(() => parsed(example), example.split('\n')[0]!);
  for (const key of keysOf(jsonSchema()))
    t.match(text, new RegExp(`\`${key}\`|${key}:|^### .*\\b${key}\\b`, 'm'), `it names ${key}`);
});

/** Any good file, as the object that YAML would show; the values that only the file's author could know are varied. */
const anyFile = (): fc.Arbitrary<object> => {
  const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
  const timers = fc
    .record({
      hold: maybe(fc.constantFrom(0, 3, 9, 90)),
      'connect-retry': maybe(fc.integer({ min: 1, max: 3600 })),
    })
    .chain((base) =>
      fc.record({
        hold: fc.constant(base.hold),
        'connect-retry': fc.constant(base['connect-retry']),
        keepalive: base.hold ? maybe(fc.integer({ min: 1, max: base.hold - 1 })) : fc.constant(undefined),
      }),
    );
  const word = fc.stringMatching(/^[a-z0-9][ a-z0-9:#'"{}-]{0,20}[a-z0-9]$/);
  const session = {
    description: maybe(word),
    'update-source': maybe(fc.constantFrom('lo', 'eth0', '10.0.0.1')),
    passive: maybe(fc.boolean()),
    timers: maybe(timers),
    password: maybe(word),
    'route-reflector-client': maybe(fc.boolean()),
    'enforce-first-as': maybe(fc.boolean()),
    shutdown: maybe(fc.oneof(fc.boolean(), word)),
    port: maybe(fc.integer({ min: 1, max: 65535 })),
    families: maybe(fc.constantFrom(['l2vpn-evpn'], ['l2vpn-evpn', 'rt-constraint'])),
    'maximum-prefix': maybe(
      fc.record({
        limit: fc.integer({ min: 1, max: 1_000_000 }),
        'warning-percent': maybe(fc.integer({ min: 1, max: 100 })),
        action: maybe(fc.constantFrom('warn', 'restart', 'shutdown')),
        'restart-minutes': maybe(fc.integer({ min: 1, max: 1440 })),
      }),
    ),
  };
  const internal = { 'remote-as': fc.constantFrom('internal', 65000) };
  const index = fc.integer({ min: 1, max: 250 });
  return fc
    .record({
      asn: fc.constant(65000),
      clusterId: maybe(fc.ipV4().filter((address) => address !== '0.0.0.0')),
      timers: maybe(timers),
      groups: fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), fc.record({ ...session, ...internal }), {
        maxKeys: 3,
      }),
      neighbors: fc.uniqueArray(fc.record({ ...session, ...internal, index, group: fc.nat() }), {
        selector: (neighbor) => neighbor.index,
        maxLength: 4,
      }),
      ranges: fc.uniqueArray(fc.record({ index, group: fc.nat(), limit: maybe(index) }), {
        selector: (range) => range.index,
        maxLength: 3,
      }),
      vnis: fc.uniqueArray(
        fc.record({
          vni: fc.integer({ min: 1, max: 0xffffff }),
          targets: fc.subarray(['1:1', '2:2']),
          macs: maybe(fc.integer({ min: 1, max: 100_000 })),
        }),
        {
          selector: ({ vni }) => vni,
          maxLength: 4,
        },
      ),
      dataplane: maybe(
        fc.record({ type: fc.constantFrom('kernel', 'memory'), correct: maybe(fc.boolean()) }),
      ),
      restart: maybe(
        fc.record({
          mode: maybe(fc.constantFrom('restarter', 'helper')),
          'restart-time': maybe(fc.integer({ min: 1, max: 4095 })),
          'select-defer-time': maybe(fc.integer({ min: 1, max: 300 })),
        }),
      ),
      log: maybe(fc.record({ level: fc.constantFrom('debug', 'info', 'warn', 'error') })),
    })
    .map(({ asn, clusterId, timers, groups, neighbors, ranges, vnis, dataplane, restart, log }) => {
      const names = Object.keys(groups);
      const pick = (number: number): string | undefined => names[number % (names.length + 1)];
      return {
        router: { asn, 'router-id': '10.0.0.1', 'cluster-id': clusterId },
        timers,
        'graceful-restart': restart,
        'peer-groups': groups,
        neighbors: neighbors.map(({ index, group, ...rest }) => ({
          address: `10.0.0.${index}`,
          'peer-group': pick(group),
          ...rest,
        })),
        'listen-ranges': (names.length > 0 ? ranges : []).map(({ index, group, limit }) => ({
          prefix: `10.${index}.0.0/16`,
          'peer-group': names[group % names.length],
          limit,
        })),
        evpn: {
          vnis: vnis.map(({ vni, targets, macs }) => ({
            vni,
            'maximum-macs': macs,
            'route-targets': targets.length ? { both: targets } : undefined,
          })),
        },
        dataplane,
        log,
      };
    });
};

t.test('parse(print(config)) = config for any configuration', async () => {
  fc.assert(
    fc.property(anyFile(), (file) => {
      const result = parseConfig(stringify(file), 'f');
      // Inherited timers may not fit each other; that is a problem of its own, and not of printing.
      fc.pre(result.config !== undefined);
      const printed = printConfig(result.config!);
      const again = parseConfig(printed, 'printed');
      if (!again.config) throw new Error(`${printed}\n${again.problems.map(printProblem).join('\n')}`);
      return (
        JSON.stringify(again.config) === JSON.stringify(result.config) &&
        JSON.stringify(configDocument(again.config)) === JSON.stringify(configDocument(result.config!))
      );
    }),
    { numRuns: 300 },
  );
});

t.test('any text at all is a configuration or has problems, and never throws', async () => {
  const seeds = [
    ...filesOf('good').map((name) => new URL(name, folder('good'))),
    ...filesOf('bad').map((name) => new URL(name, folder('bad'))),
  ];
  const texts = seeds.map((file) => readFileSync(file, 'utf8'));
  const damaged = fc
    .record({
      text: fc.constantFrom(...texts),
      at: fc.nat(2000),
      length: fc.nat(20),
      put: fc.string({ maxLength: 10 }),
    })
    .map(
      ({ text, at, length, put }) =>
        text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + length),
    );
  fc.assert(
    fc.property(fc.oneof(fc.string(), damaged), (text) => {
      const { config, problems } = parseConfig(text, 'f');
      return (
        (config !== undefined) === (problems.length === 0) &&
        problems.every(({ line, column }) => line > 0 && column > 0)
      );
    }),
    { numRuns: 500 },
  );
});

t.test('defaults are those that the documentation and the schema name', async (t) => {
  const { timers, listen, dataplane, control, log, evpn } = parsed('router: { asn: 1, router-id: 1.1.1.1 }');
  t.same(timers, DEFAULTS.timers);
  t.same(listen, { addresses: ['0.0.0.0', '::'], port: 179 });
  t.match(dataplane, { type: 'kernel', correct: false, auditIntervalSeconds: 60, keepOnExit: false });
  t.same(control, { socket: '/run/evpnd/evpnd.sock', mode: 0o660 });
  t.same(log, { level: 'info', format: 'text' });
  t.match(evpn, {
    advertiseAllVni: true,
    vnis: [],
    duplicateDetection: { enabled: true, maxMoves: 5, windowSeconds: 180, freeze: false },
  });
});
