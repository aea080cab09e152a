/**
 * The package as others get it: README examples run and print what they say, its tables are those of the code, nothing but
 * JavaScript's own is imported, and what npm would publish is what belongs there.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ATTRIBUTES, CAPABILITIES, NLRI_FAMILIES } from 'bgp-protocol';
import t from 'tap';
import { README, withTables } from './readme-tables.ts';

const ROOT = new URL('../../', import.meta.url);
const PACKAGE = new URL('src/bgp-protocol/', ROOT);
const readme = readFileSync(README, 'utf8');

/** The source files of the package, relative to it. */
const sources = readdirSync(PACKAGE, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.ts') && !name.startsWith('dist'),
);

t.test('the tables of the README are those of the registries and fixtures', (t) => {
  t.equal(
    readme,
    withTables(readme),
    'else: node --import=tsx --conditions=evpnd-source test/bgp-protocol/readme-tables.ts',
  );
  const rows = readme
    .slice(readme.indexOf('tables: begin'), readme.indexOf('RFC 7606, cell by cell'))
    .split('\n');
  for (const row of rows.filter((line) => /yes, yes/.test(line) && !/^\| \d+ \/ \d+ /.test(line))) {
    const cells = row.split(' | ');
    t.notMatch(cells[cells.indexOf('yes, yes') + 1], /^[ |]*$/, `a fixture: ${row}`);
  }
  const { length: families } = NLRI_FAMILIES;
  t.match(readme, `${CAPABILITIES.length} capabilities, ${ATTRIBUTES.length} path attributes`);
  t.equal(families, 10, 'ten address families');
  t.end();
});

t.test('the examples of the README print what it says', (t) => {
  const examples = [...readme.matchAll(/```ts\n([\s\S]*?)```\s+```text\n([\s\S]*?)```/g)];
  t.equal(examples.length, 3);
  const folder = new URL(`.cache/readme-examples-${process.pid}/`, ROOT);
  mkdirSync(folder, { recursive: true });
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const [index, [, code, printed]] of examples.entries()) {
    const file = fileURLToPath(new URL(`${index}.ts`, folder));
    writeFileSync(file, code);
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--import=tsx', '--conditions=evpnd-source', file],
      { encoding: 'utf8', cwd: fileURLToPath(ROOT), env: { ...process.env, NODE_OPTIONS: '' } },
    );
    t.equal(stdout, printed, `example ${index + 1} ${stderr}`);
  }
  t.end();
});

t.test('no dependency, no Node built-in, nothing outside the package', (t) => {
  t.ok(sources.length > 60, `${sources.length} files`);
  for (const name of sources) {
    const text = readFileSync(new URL(name, PACKAGE), 'utf8');
    const imported = [...text.matchAll(/from '([^']+)'/g)].map(([, from]) => from);
    for (const from of imported) {
      t.match(from, /^\.\.?\//, `${name} imports ${from}`);
      const target = new URL(from, new URL(name, PACKAGE));
      t.ok(target.href.startsWith(PACKAGE.href), `${name} imports from within`);
    }
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
    t.notMatch(code, /\b(Buffer|process|require|setTimeout|setInterval|Date|console)\b/, name);
  }
  const { dependencies, peerDependencies } = JSON.parse(
    readFileSync(new URL('package.json', PACKAGE), 'utf8'),
  );
  t.same([dependencies, peerDependencies], [undefined, undefined]);
  t.end();
});

const notBuilt = !existsSync(new URL('dist/index.js', PACKAGE)) && 'the package is not built: run make';

t.test('what npm publishes: code, types, README, CHANGELOG, LICENSE', { skip: notBuilt }, (t) => {
  const { stdout, status } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    encoding: 'utf8',
    cwd: fileURLToPath(PACKAGE),
  });
  t.equal(status, 0);
  const [{ files }] = JSON.parse(stdout) as [{ files: readonly { path: string }[] }];
  const paths = files.map(({ path }) => path);
  for (const wanted of [
    'package.json',
    'README.md',
    'CHANGELOG.md',
    'LICENSE',
    'dist/index.js',
    'dist/index.d.ts',
  ]) {
    t.ok(paths.includes(wanted), wanted);
  }
  for (const path of paths) {
    t.match(path, /^(dist\/[\w/-]+\.(js|d\.ts)|package\.json|README\.md|CHANGELOG\.md|LICENSE)$/, path);
  }
  t.end();
});

t.test('the built package works without the sources', { skip: notBuilt }, (t) => {
  const program = `import { decodeMessage, encodeKeepalive } from 'bgp-protocol'; console.log(decodeMessage(encodeKeepalive()).type);`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    cwd: fileURLToPath(ROOT),
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  t.equal(stdout, 'KEEPALIVE\n', stderr);
  t.end();
});
