/**
 * evpnctl as a person uses it, against a server on a real socket: what each command prints (golden files; a run with
 * UPDATE_GOLDEN=1 writes them anew), what it says when it cannot, and the exit code.
 */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { run } from '../../src/cli/run.ts';
import {
  CONTROL_ROUTES,
  type ControlBackend,
  ControlError,
  ControlServer,
  type WatchEvent,
} from '../../src/control/index.ts';
import { exampleBackend, ROUTES } from '../control/example-backend.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A sink that keeps what it is given, and takes little at a time, so that backpressure is exercised. */
class Sink extends Writable {
  text = '';
  constructor() {
    super({ highWaterMark: 256, decodeStrings: false });
  }
  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.text += chunk;
    setImmediate(done);
  }
}

async function evpnctl(line: string, socket: string): Promise<Result> {
  const [stdout, stderr] = [new Sink(), new Sink()];
  const words = line === '' ? [] : line.split(' ');
  const code = await run(words, { version: '0.1.0', socket, stdin: Readable.from([]), stdout, stderr });
  await Promise.all([stdout, stderr].map((sink) => new Promise<void>((done) => sink.end(done))));
  return { code, out: stdout.text, err: stderr.text };
}

const serve = async (test: Test, backend: ControlBackend): Promise<string> =>
  (await listen(test, backend)).socketPath;

async function listen(test: Test, backend: ControlBackend): Promise<ControlServer> {
  const directory = mkdtempSync(join(tmpdir(), 'evpnd-cli-'));
  const socketPath = join(directory, 'evpnd.sock');
  const server = await ControlServer.listen({ backend, socketPath });
  test.teardown(async () => {
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return server;
}

/** Line -> golden file. Every command stands here at least once. */
const GOLDEN: readonly (readonly [string, string])[] = [
  ['show bgp summary', 'show-bgp-summary'],
  ['show bgp l2vpn evpn summary', 'show-bgp-l2vpn-evpn-summary'],
  ['show bgp neighbors', 'show-bgp-neighbors'],
  ['show bgp neighbors spine1', 'show-bgp-neighbors-one'],
  ['show bgp neighbors 10.0.0.100 advertised-routes', 'show-bgp-neighbors-advertised-routes'],
  ['show bgp neighbors 10.0.0.100 routes', 'show-bgp-neighbors-routes'],
  ['show bgp l2vpn evpn route', 'show-bgp-l2vpn-evpn-route'],
  ['show bgp l2vpn evpn route type multicast', 'show-bgp-l2vpn-evpn-route-type'],
  ['show bgp l2vpn evpn route vni 10 rd 10.0.0.2:2 detail', 'show-bgp-l2vpn-evpn-route-detail'],
  ['show bgp l2vpn evpn vni', 'show-bgp-l2vpn-evpn-vni'],
  ['show bgp l2vpn evpn vni 10', 'show-bgp-l2vpn-evpn-vni-10'],
  ['show evpn', 'show-evpn'],
  ['show evpn vni', 'show-evpn-vni'],
  ['show evpn vni 10', 'show-evpn-vni-10'],
  ['show evpn mac vni 10', 'show-evpn-mac-vni-10'],
  ['show evpn mac vni all mac 02:00:00:00:00:01', 'show-evpn-mac-one'],
  ['show evpn arp-cache vni all', 'show-evpn-arp-cache-vni-all'],
  ['show evpn arp-cache vni 10 ip fd10:10::12', 'show-evpn-arp-cache-one'],
  ['show evpn vtep', 'show-evpn-vtep'],
  ['show bgp rt-constraint', 'show-bgp-rt-constraint'],
  ['show hardware-vtep', 'show-hardware-vtep'],
  ['show hardware-vtep torus1', 'show-hardware-vtep-one'],
  ['show running-config', 'show-running-config'],
  ['show version', 'show-version'],
  ['explain mac 02:00:00:00:00:03', 'explain-held'],
  ['explain mac 02:00:00:00:00:02 vni 10', 'explain-installed'],
  ['explain mac 02:00:00:00:00:01', 'explain-local'],
  ['explain mac 02:00:00:00:00:99', 'explain-unknown'],
  ['clear bgp * soft', 'clear-bgp'],
  ['clear evpn dup-addr vni all', 'clear-evpn-dup-addr'],
  ['reload', 'reload'],
];

t.test('each command prints what its golden file holds', async (t) => {
  const socket = await serve(t, exampleBackend());
  for (const [line, name] of GOLDEN) {
    const { code, out, err } = await evpnctl(line, socket);
    t.same([code, err], [0, ''], line);
    const file = new URL(`golden/${name}.txt`, import.meta.url);
    if (process.env.UPDATE_GOLDEN) writeFileSync(file, out);
    t.equal(out, readFileSync(file, 'utf8'), line);
    t.notMatch(out, /undefined|\[object|NaN/, `${line}: every value has words`);
  }
});

t.test('--json of each command is one JSON document', async (t) => {
  const socket = await serve(t, exampleBackend());
  for (const [line] of GOLDEN) {
    const { code, out } = await evpnctl(`${line} --json`, socket);
    t.equal(code, 0, line);
    t.doesNotThrow(() => JSON.parse(out), line);
  }
  const { out } = await evpnctl('--json show bgp l2vpn evpn route', socket);
  t.same(
    JSON.parse(out).map(({ key }: { readonly key: string }) => key),
    ROUTES.map(({ key }) => key),
  );
  t.same(JSON.parse((await evpnctl('show evpn mac vni 20 --json', socket)).out), [], 'an empty list');
});

t.test('the golden files leave no command out', async (t) => {
  const lines = GOLDEN.map(([line]) => line.split(' '));
  for (const { pattern } of COMMANDS) {
    const words = pattern.match(/^[a-z-]+( [a-z-]+)*/)![0].split(' ');
    const shown = lines.some((line) => words.every((word, index) => line[index] === word));
    t.ok(shown || pattern.startsWith('watch'), pattern);
  }
});

t.test('docs/evpnctl.md names every command, every path of the API, and no other', async (t) => {
  const text = readFileSync(new URL('../../docs/evpnctl.md', import.meta.url), 'utf8');
  const cells = [...text.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1]!.replaceAll('\\|', '|'));
  const named = cells.filter((cell) => !cell.startsWith('--'));
  t.same(
    named.sort(),
    [
      ...COMMANDS.map(({ pattern }) => pattern),
      ...CONTROL_ROUTES.map(({ method, path }) => `${method} ${path}`),
    ].sort(),
  );
  for (const { parameters } of CONTROL_ROUTES)
    for (const name of parameters) t.ok(text.includes(`\`${name}\``), name);
});

t.test('words may be shortened while one command fits', async (t) => {
  const socket = await serve(t, exampleBackend());
  const same: [string, string][] = [
    ['sh bgp sum', 'show bgp summary'],
    ['sh bgp l2 e r t 2', 'show bgp l2vpn evpn route type 2'],
    ['show bgp evpn route', 'show bgp l2vpn evpn route'],
    ['show bgp evpn route vni all rd all', 'show bgp l2vpn evpn route'],
    ['show bgp l2vpn evpn', 'show bgp l2vpn evpn route'],
    ['show bgp l2vpn evpn neighbors 10.0.0.100 routes', 'show bgp neighbors 10.0.0.100 routes'],
    ['sh e v 10', 'show evpn vni 10'],
    ['sh ev arp v a', 'show evpn arp-cache vni all'],
    ['SHOW BGP SUMMARY', 'show bgp summary'],
    ['sh evpn mac vni 10 mac 0200.0000.0001', 'show evpn mac vni 10 mac 02:00:00:00:00:01'],
  ];
  for (const [short, long] of same) {
    t.same(await evpnctl(short, socket), await evpnctl(long, socket), short);
  }
});

t.test('a line that is no command says where, and what may stand there; exit code 2', async (t) => {
  const cases: [string, RegExp][] = [
    ['show evpn v', /Ambiguous command: "v" may be vni or vtep\n {2}evpnctl show evpn v\n {20}\^/],
    ['show bgp sumary', /saw "sumary"; did you mean "summary"\?/],
    ['show evpn mac vni 16777216', /expected|a VNI, 1 to 16777215/i],
    ['show evpn mac', /Incomplete command: evpnctl show evpn mac \.\.\.\nWhat may follow:\n {2}vni/],
    ['show version now', /Nothing may follow "show version"/],
    ['--jsn show version', /unknown option '--jsn'/],
    ['show version --socket', /argument missing/],
    ['', /Usage: evpnctl/],
  ];
  for (const [line, message] of cases) {
    const { code, out, err } = await evpnctl(line, '/nonexistent');
    t.same([code, out], [2, ''], line);
    t.match(err, message, line);
  }
});

t.test('the trailing word json is kept for the JSON of FRR, and says so', async (t) => {
  const { code, err } = await evpnctl('show bgp summary json', '/nonexistent');
  t.equal(code, 1);
  t.match(err, /^The word json at the end is reserved for FRR's JSON.*--json.*\n$/);
});

t.test('a daemon that is not there is one line, exit code 1', async (t) => {
  const { code, out, err } = await evpnctl('show bgp summary', '/nonexistent/evpnd.sock');
  t.same([code, out], [1, '']);
  t.equal(err, 'Cannot reach evpnd: there is no socket at /nonexistent/evpnd.sock; is evpnd running?\n');
});

t.test('what the daemon refuses is shown in its words with its hint, exit code 1', async (t) => {
  const socket = await serve(
    t,
    exampleBackend({
      reload: async () => {
        throw new ControlError(
          422,
          'bad-config',
          'evpnd.yaml:2:8: router.asn\nevpnd.yaml:3:1: neighbors',
          'Nothing was changed',
        );
      },
    }),
  );
  t.match(await evpnctl('reload', socket), {
    code: 1,
    err: 'evpnd.yaml:2:8: router.asn\nevpnd.yaml:3:1: neighbors\nNothing was changed\n',
  });
  t.match(await evpnctl('show evpn vni 99', socket), { code: 1, err: 'There is no VNI 99\n' });
  t.match(await evpnctl('show bgp neighbors spine2', socket), {
    code: 1,
    err: 'There is no neighbor spine2 (did you mean spine1?)\n',
  });
  t.match(await evpnctl('show evpn mac vni 99', socket), { code: 1, err: /There is no VNI 99/ });
});

t.test('help teaches: an example for each command, and ? says what may follow', async (t) => {
  const all = await evpnctl('--help', '/nonexistent');
  t.equal(all.code, 0);
  for (const { pattern, about, example } of COMMANDS) {
    t.ok(all.out.includes(pattern) && all.out.includes(about), pattern);
    const one = await evpnctl(`${pattern.match(/^[a-z-]+( [a-z-]+)*/)![0]} --help`, '/nonexistent');
    t.ok(one.out.includes(example), example);
  }
  t.match(
    (await evpnctl('show evpn ?', '/nonexistent')).out,
    /arp-cache[\s\S]*mac[\s\S]*vni[\s\S]*vtep[\s\S]*<enter>/,
  );
  t.match((await evpnctl('show evpn mac vni?', '/nonexistent')).out, /VNI +a VNI, 1 to 16777215/);
  t.match((await evpnctl('complete -- show evpn', '/nonexistent')).out, /^arp-cache\nmac\nvni\nvtep\n$/);
  t.match((await evpnctl('completion', '/nonexistent')).out, /complete -F _evpnctl evpnctl/);
  t.equal((await evpnctl('--version', '/nonexistent')).out, 'evpnctl 0.1.0\n');
});

t.test('decode and encode need no daemon, and help names them', async (t) => {
  const keepalive = `${'ff'.repeat(16)}001304`;
  const directory = mkdtempSync(join(tmpdir(), 'evpnd-cli-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'keepalive.hex');
  writeFileSync(file, keepalive);
  t.match(await evpnctl(`decode ${file}`, '/nonexistent'), { code: 0, out: /KEEPALIVE/, err: '' });
  const { out } = await evpnctl(`--json decode ${file}`, '/nonexistent');
  const json = join(directory, 'keepalive.json');
  writeFileSync(json, out);
  t.match(await evpnctl(`encode ${json}`, '/nonexistent'), { code: 0, out: `${keepalive}\n`, err: '' });
  t.match(await evpnctl('decode /nonexistent/file', '/nonexistent'), { code: 1, err: /nonexistent/ });
  t.match(await evpnctl('decode --help', '/nonexistent'), { code: 0, out: /Example:\n {2}evpnctl decode/ });
  t.match((await evpnctl('--help', '/nonexistent')).out, /Without a daemon[\s\S]*decode[\s\S]*encode/);
  t.match((await evpnctl('complete --', '/nonexistent')).out, /^decode$/m);
});

t.test('every example is a line that matches its own command', async (t) => {
  const socket = await serve(t, exampleBackend());
  for (const { example, pattern } of COMMANDS) {
    if (pattern.startsWith('watch')) continue;
    t.equal((await evpnctl(example.replace('evpnctl ', ''), socket)).code, 0, example);
  }
});

t.test('clear carries what was meant to the daemon', async (t) => {
  const backend = exampleBackend();
  const socket = await serve(t, backend);
  await evpnctl('clear bgp spine1', socket);
  await evpnctl('clear bgp * soft', socket);
  await evpnctl('cl b fd00:0:0::101 s i', socket);
  t.same(backend.cleared, [
    { neighbor: '10.0.0.100' },
    { neighbor: '*', soft: 'both' },
    { neighbor: 'fd00::101', soft: 'in' },
  ]);
});

t.test('watch prints an event a line, with --json an object a line', async (t) => {
  const backend = exampleBackend();
  const watchers: Promise<number>[] = [];
  const server = await listen(t, backend);
  const socket = server.socketPath;
  const at = '2026-11-20T23:49:38.125Z';
  const events: WatchEvent[] = [
    {
      type: 'neighbor',
      at,
      address: '10.0.0.100',
      hostName: 'spine1',
      from: 'OpenConfirm',
      to: 'Established',
    },
    {
      type: 'neighbor',
      at,
      address: '10.0.0.100',
      from: 'Established',
      to: 'Idle',
      reason: 'hold timer expired',
    },
    {
      type: 'route',
      at,
      action: 'upsert',
      rd: '10.0.0.3:2',
      key: '[3]:[0]:[32]:[10.0.0.3]',
      nextHop: '10.0.0.3',
    },
    {
      type: 'mac',
      at,
      action: 'upsert',
      vni: 10,
      mac: '02:00:00:00:00:03',
      place: 'local',
      port: 'swp1',
      sequence: 3,
    },
    {
      type: 'mac',
      at,
      action: 'withdraw',
      vni: 10,
      mac: '02:00:00:00:00:03',
      place: 'remote',
      vtep: '10.0.0.3',
    },
    { type: 'vni', at, vni: 10, up: false, text: 'vxlan10 was removed' },
    { type: 'vtep', at, vtep: '10.0.0.3', reachable: true },
    { type: 'problem', at, subject: 'vni 10' },
    { type: 'config', at, changes: [] },
    { type: 'dropped', at, count: 7 },
  ];
  const stdout = new Sink();
  const stderr = new Sink();
  const environment = { version: '0', socket, stdin: Readable.from([]), stdout, stderr };
  watchers.push(run(['watch', 'mac', 'neighbor'], environment));
  const watchingJson = new Sink();
  watchers.push(run(['watch', '--json'], { ...environment, stdout: watchingJson }));
  while (backend.listeners.size < 2) await new Promise(setImmediate);
  t.same(
    backend.watched.find((subjects) => subjects.length === 2),
    ['neighbor', 'mac'],
  );
  for (const listener of backend.listeners) for (const event of events) listener(event);
  while (stdout.text.split('\n').length <= events.length) await new Promise(setImmediate);
  while (watchingJson.text.split('\n').length <= events.length) await new Promise(setImmediate);
  t.same(stdout.text.split('\n'), [
    '23:49:38.125 neighbor spine1(10.0.0.100) OpenConfirm -> Established',
    '23:49:38.125 neighbor 10.0.0.100 Established -> Idle: hold timer expired',
    '23:49:38.125 route    + 10.0.0.3:2 [3]:[0]:[32]:[10.0.0.3] next hop 10.0.0.3',
    '23:49:38.125 mac      + VNI 10 02:00:00:00:00:03 local on swp1 sequence 3',
    '23:49:38.125 mac      - VNI 10 02:00:00:00:00:03 behind 10.0.0.3',
    '23:49:38.125 vni      VNI 10 down: vxlan10 was removed',
    '23:49:38.125 vtep     10.0.0.3 reachable',
    '23:49:38.125 problem  vni 10: over',
    '23:49:38.125 config   reloaded, nothing changed',
    '23:49:38.125 dropped  7 events left out here: this reader was too slow',
    '',
  ]);
  t.same(
    watchingJson.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    events,
  );
  await server.close();
  t.same(await Promise.all(watchers), [1, 1], 'a daemon that stops ends them');
  t.match(stderr.text, /evpnd closed the connection/);
});

/** The real program in a process of its own. */
const NODE_ARGUMENTS = ['--import=tsx', '--conditions=evpnd-source', MAIN];

t.test('a closed pipe ends evpnctl quietly, though a hundred thousand routes were asked for', async (t) => {
  const socket = await serve(
    t,
    exampleBackend({
      *routes() {
        for (let i = 0; i < 100_000; i++) yield ROUTES[i % ROUTES.length]!;
      },
    }),
  );
  const child = spawn(process.execPath, [
    ...NODE_ARGUMENTS,
    '--socket',
    socket,
    'show',
    'bgp',
    'l2vpn',
    'evpn',
    'route',
  ]);
  let err = '';
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  child.stdout.once('data', () => child.stdout.destroy());
  const code = await new Promise((resolve) => child.on('close', resolve));
  t.same([code, err], [0, '']);
});

t.test('the program takes its socket from EVPND_SOCKET and exits with the code', async (t) => {
  const socket = await serve(t, exampleBackend());
  const start = (environment: NodeJS.ProcessEnv): Promise<Result> =>
    new Promise((resolve) => {
      execFile(
        process.execPath,
        [...NODE_ARGUMENTS, 'show', 'version'],
        { env: environment },
        (error, out, err) => resolve({ code: Number(error?.code ?? 0), out, err }),
      );
    });
  t.match(await start({ ...process.env, EVPND_SOCKET: socket }), { code: 0, out: /^evpnd 0\.1\.0/ });
  t.match(await start({ ...process.env, EVPND_SOCKET: '/nonexistent' }), {
    code: 1,
    err: /Cannot reach evpnd/,
  });
});
