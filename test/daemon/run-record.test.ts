/** What one run leaves for the next, in a real file: RFC 4724 section 4.1 asks to know that this is a restart. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { RunFile } from '../../src/daemon/run-record.ts';

function scene(t: Test) {
  const directory = mkdtempSync(join(tmpdir(), 'evpnd-run-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'run', 'evpnd.run.json');
  const problems: (string | undefined)[] = [];
  return { path, problems, file: new RunFile(path, (text) => problems.push(text)) };
}

t.test('no file: nothing has been before', async (t) => {
  const { file, problems } = scene(t);
  t.equal(file.load(), undefined);
  t.same(problems, []);
});

t.test('what is saved is loaded by the next run, on the same kernel', async (t) => {
  const { file, path, problems } = scene(t);
  file.save(['10.0.0.100', 'fd00::100']);
  t.same(new RunFile(path, () => {}).load(), { peers: ['10.0.0.100', 'fd00::100'], sameKernel: true });
  file.save([]);
  t.same(new RunFile(path, () => {}).load()?.peers, []);
  t.same(readdirSync(join(path, '..')), ['evpnd.run.json'], 'nothing else is left');
  t.same(
    problems.filter((text) => text !== undefined),
    [],
  );
});

t.test('who takes leave removes it, whether it is there or not', async (t) => {
  const { file } = scene(t);
  file.remove();
  file.save(['10.0.0.100']);
  file.remove();
  t.equal(file.load(), undefined);
  file.save(['10.0.0.100']);
  t.same(file.load()?.peers, ['10.0.0.100'], 'and may write it again');
});

t.test('another boot, or other interfaces, have other forwarding tables', async (t) => {
  const { file, path } = scene(t);
  file.save(['10.0.0.100']);
  const content = JSON.parse(readFileSync(path, 'utf8')) as { kernel: string };
  const [boot, namespace] = content.kernel.split(' ');
  t.match(boot, /^[0-9a-f-]{36}$/);
  t.match(namespace, /^net:\[\d+\]$/);
  for (const kernel of [`${boot} net:[1]`, `00000000-0000-0000-0000-000000000000 ${namespace}`, '']) {
    writeFileSync(path, JSON.stringify({ ...content, kernel }));
    t.same(file.load(), { peers: ['10.0.0.100'], sameKernel: false });
  }
});

for (const [what, text] of [
  ['cut', '{"version":1,"ker'],
  ['empty', ''],
  ['of another version', '{"version":2,"kernel":"x","peers":[]}'],
  ['without kernel', '{"version":1,"peers":[]}'],
  ['without peers', '{"version":1,"kernel":"x"}'],
  ['with something else for peers', '{"version":1,"kernel":"x","peers":[1]}'],
  ['with a peer that is no address', '{"version":1,"kernel":"x","peers":["10.0.0.1","10.0.0.256"]}'],
  ['with a peer that is null', '{"version":1,"kernel":"x","peers":[null]}'],
  ['no object', 'null'],
] as const) {
  t.test(`a file that is ${what} proves nothing, and is reported`, async (t) => {
    const { file, path, problems } = scene(t);
    mkdirSync(join(path, '..'));
    writeFileSync(path, text);
    t.equal(file.load(), undefined);
    t.match(problems, [/^Cannot read .*evpnd\.run\.json: .*; the next start may not be a graceful restart$/]);
  });
}

t.test('a directory that cannot be written to is reported, until it can', async (t) => {
  const { file, path, problems } = scene(t);
  writeFileSync(join(path, '..'), 'in the way');
  file.save(['10.0.0.100']);
  t.match(problems, [/^Cannot write /]);
  rmSync(join(path, '..'));
  file.save(['10.0.0.100']);
  t.equal(problems[1], undefined);
  t.same(file.load()?.peers, ['10.0.0.100'], 'the same content is written once more after a failure');
});
