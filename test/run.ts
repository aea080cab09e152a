/**
 * `make test`: runs every test file with tap, two at a time, and closes with one plain line of totals that people
 * and continuous integration can read: `N passed, N failed, N skipped`. Arguments choose files or folders.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const results = '.cache/test-results.tap';
mkdirSync(dirname(results), { recursive: true });
rmSync(results, { force: true });

const require = createRequire(import.meta.url);
const tap = join(dirname(require.resolve('tap/package.json')), 'dist/esm/run.mjs');
const started = Date.now();
const { status } = spawnSync(
  process.execPath,
  [tap, 'run', '--jobs=2', '--reporter=terse', `--output-file=${results}`, ...process.argv.slice(2)],
  { stdio: 'inherit' },
);

const totals = [...readFileSync(results, 'utf8').matchAll(/^# \{ (total: .*) \}$/gm)].at(-1)?.[1] ?? '';
const count = (name: string): number => Number(new RegExp(`\\b${name}: (\\d+)`).exec(totals)?.[1] ?? 0);
const seconds = ((Date.now() - started) / 1000).toFixed(0);
const skipped = count('skip');

console.log(`\n${count('total')} assertions in ${seconds} s on Node.js ${process.version}`);
console.log(`${count('pass')} passed, ${count('fail')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = status === 0 && count('pass') > 0 ? 0 : 1;
