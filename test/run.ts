/**
 * `make test`: runs every test file with tap, two at a time, and closes with one plain line of totals that people
 * and continuous integration can read: `N passed, N failed, N skipped`. Arguments choose files or folders.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const results = '.cache/test-results.tap';
mkdirSync(dirname(results), { recursive: true });
rmSync(results, { force: true });

/** The test files of a folder and those below it; a file is itself, and so is an option of tap's. */
function filesOf(argument: string): readonly string[] {
  if (!statSync(argument, { throwIfNoEntry: false })?.isDirectory()) return [argument];
  const names = readdirSync(argument, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => name.endsWith('.test.ts')).sort();
  if (files.length === 0) throw new Error(`There is no test file below ${argument}`);
  return files.map((name) => join(argument, name));
}

const require = createRequire(import.meta.url);
const tap = join(dirname(require.resolve('tap/package.json')), 'dist/esm/run.mjs');
const started = Date.now();
const { status } = spawnSync(
  process.execPath,
  [
    tap,
    'run',
    '--jobs=2',
    '--reporter=terse',
    `--output-file=${results}`,
    ...process.argv.slice(2).flatMap(filesOf),
  ],
  { stdio: 'inherit' },
);

const text = readFileSync(results, 'utf8');
const totals = [...text.matchAll(/^# \{ (total: .*) \}$/gm)].at(-1)?.[1] ?? '';
const count = (name: string): number => Number(new RegExp(`\\b${name}: (\\d+)`).exec(totals)?.[1] ?? 0);
const seconds = ((Date.now() - started) / 1000).toFixed(0);
const skipped = count('skip');

for (const [, title] of text.matchAll(/^ {0,4}not ok \d+ - (.*?)(?: # time=.*)?$/gm))
  console.log(`failed: ${title}`);
console.log(`\n${count('total')} assertions in ${seconds} s on Node.js ${process.version}`);
console.log(`${count('pass')} passed, ${count('fail')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = status === 0 && count('pass') > 0 ? 0 : 1;
