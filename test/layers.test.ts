/**
 * The dependency drawing of src/ARCHITECTURE.md, as a table that fails the build: an import only ever points to a
 * layer that its own layer may see, and no chain of imports comes back to where it began.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const src = fileURLToPath(new URL('../src', import.meta.url));

/** Layer -> layers it may import besides itself. A folder below dataplane is a layer of its own. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'bgp-protocol': [],
  base: [],
  session: ['bgp-protocol', 'base'],
  rib: ['bgp-protocol', 'base'],
  netlink: ['base'],
  ovsdb: ['base'],
  config: ['bgp-protocol', 'base'],
  control: ['base'],
  decode: ['bgp-protocol', 'base'],
  dataplane: ['base'],
  evpn: ['rib', 'dataplane', 'bgp-protocol', 'base'],
  'dataplane/memory': ['dataplane', 'base'],
  'dataplane/kernel': ['dataplane', 'netlink', 'base'],
  'dataplane/hardware-vtep': ['dataplane', 'ovsdb', 'base'],
  cli: ['control', 'decode', 'base'],
  daemon: [
    ...[
      'config',
      'control',
      'session',
      'rib',
      'evpn',
      'dataplane',
      'netlink',
      'ovsdb',
      'bgp-protocol',
      'base',
    ],
    ...['dataplane/memory', 'dataplane/kernel', 'dataplane/hardware-vtep'],
  ],
};

/** npm packages and Node built-ins that a layer may use; others may use any that package.json lists. */
const PURE = new Set(['bgp-protocol']);

interface Import {
  readonly from: string;
  readonly specifier: string;
  readonly to: string | undefined;
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !/(^|\/)(dist|node_modules)\//.test(file))
  .map((file) => join(src, file));

function layerOf(file: string): string {
  const [first, second] = relative(src, file).split('/');
  const nested = `${first}/${second}`;
  return nested in MAY_IMPORT ? nested : first!;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  const pattern =
    /^\s*(?:import|export)\s[^;'"]*?from\s+'([^']+)'|import\(\s*'([^']+)'\s*\)|^import\s+'([^']+)'/gm;
  return [...text.matchAll(pattern)].map((match) => {
    const specifier = (match[1] ?? match[2] ?? match[3])!;
    if (specifier.startsWith('.')) return { from: file, specifier, to: resolve(dirname(file), specifier) };
    const to = specifier === 'bgp-protocol' ? join(src, 'bgp-protocol/index.ts') : undefined;
    return { from: file, specifier, to };
  });
}

const imports = files.flatMap(importsOf);

t.test('imports point only to layers that the drawing allows', async (t) => {
  t.ok(files.length > 50, 'the sources were found');
  const unknown = new Set(files.map(layerOf).filter((layer) => !(layer in MAY_IMPORT)));
  t.strictSame([...unknown], [], 'every folder of src is a layer of the table');
  const violations = imports.flatMap(({ from, to, specifier }) => {
    if (to === undefined) return [];
    const [here, there] = [layerOf(from), layerOf(to)];
    const allowed = here === there || (MAY_IMPORT[here] ?? []).includes(there);
    return allowed ? [] : [`${relative(src, from)} (${here}) imports ${specifier} (${there})`];
  });
  t.strictSame(violations, []);
});

t.test('relative imports name files that exist', async (t) => {
  const missing = imports.filter(({ to }) => to !== undefined && !existsSync(to));
  t.strictSame(
    missing.map(({ from, specifier }) => `${relative(src, from)}: ${specifier}`),
    [],
  );
});

t.test('the codec is pure: no npm package, no Node built-in', async (t) => {
  const impure = imports.filter(({ from, to }) => PURE.has(layerOf(from)) && to === undefined);
  t.strictSame(
    impure.map(({ from, specifier }) => `${relative(src, from)}: ${specifier}`),
    [],
  );
});

t.test('evpn sees the interfaces of dataplane and nothing else of it', async (t) => {
  const seen = imports.filter(
    ({ from, to }) => layerOf(from) === 'evpn' && to && layerOf(to) === 'dataplane',
  );
  const others = seen.filter(({ to }) => !to!.endsWith('dataplane/interfaces.ts'));
  t.strictSame(
    others.map(({ from, specifier }) => `${relative(src, from)}: ${specifier}`),
    [],
  );
});

t.test('no chain of imports comes back to where it began', async (t) => {
  const graph = new Map<string, string[]>(files.map((file) => [file, []]));
  for (const { from, to } of imports) if (to !== undefined && graph.has(to)) graph.get(from)!.push(to);
  t.strictSame(findCircle(graph), undefined);
});

/** The files of one circle, or undefined. */
function findCircle(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] | undefined => {
    if (done.has(file)) return undefined;
    const at = path.indexOf(file);
    if (at >= 0) return [...path.slice(at), file].map((each) => relative(src, each));
    path.push(file);
    for (const next of graph.get(file) ?? []) {
      const circle = visit(next);
      if (circle) return circle;
    }
    path.pop();
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const circle = visit(file);
    if (circle) return circle;
  }
  return undefined;
}
