/**
 * Runs the labs one after another and prints a table of results:
 *
 *   node --import=tsx interop/run.ts [--list] [--keep] [LAB...]
 *
 * Each lab has network namespaces of its own. What a failed lab wrote (logs, captures, configurations) is kept
 * and its place is printed. Needs root; without it every lab is skipped and says so.
 */
import { accessSync, constants, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Lab, LabContext } from './lab/lab.ts';
import { removeLeftovers } from './lab/network.ts';
import { NEWER_ROOT } from './lab/root.ts';

type Outcome = 'passed' | 'failed' | 'skipped';

interface Result {
  readonly lab: Lab;
  readonly outcome: Outcome;
  readonly seconds: number;
  readonly note: string;
}

const here = fileURLToPath(new URL('.', import.meta.url));
const cache = fileURLToPath(new URL('../.cache/interop/', import.meta.url));
const STEM = 'evl';

async function main(args: readonly string[]): Promise<number> {
  const wanted = args.filter((arg) => !arg.startsWith('--'));
  const labs = await loadLabs(wanted);
  if (args.includes('--list')) {
    for (const lab of labs) console.log(`${lab.name.padEnd(24)} ${lab.title}`);
    return 0;
  }
  removeLeftovers(STEM);
  const results: Result[] = [];
  for (const lab of labs) results.push(await runLab(lab, args.includes('--keep')));
  printTable(results);
  return results.some((result) => result.outcome === 'failed') ? 1 : 0;
}

async function loadLabs(wanted: readonly string[]): Promise<Lab[]> {
  const folders = readdirSync(here, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /^\d\d-/.test(entry.name))
    .map((entry) => entry.name)
    .sort();
  const unknown = wanted.filter((name) => !folders.some((folder) => folder.startsWith(name)));
  if (unknown.length > 0) throw new Error(`no lab ${unknown.join(', ')}; there are: ${folders.join(', ')}`);
  const chosen = folders.filter(
    (folder) => wanted.length === 0 || wanted.some((name) => folder.startsWith(name)),
  );
  return Promise.all(
    chosen.map(async (name) => {
      const { lab } = (await import(join(here, name, 'lab.ts'))) as { lab: Omit<Lab, 'name'> };
      return { ...lab, name };
    }),
  );
}

async function runLab(lab: Lab, keep: boolean): Promise<Result> {
  const missing = whyNot(lab);
  if (missing) return { lab, outcome: 'skipped', seconds: 0, note: missing };
  const started = Date.now();
  const directory = join(cache, 'runs', `${lab.name}-${process.pid}`);
  mkdirSync(directory, { recursive: true });
  const context = new LabContext({
    prefix: `${STEM}${process.pid}-`,
    directory,
    sources: join(here, lab.name),
    root: lab.newer ? NEWER_ROOT : undefined,
    onStep: (step) => console.log(`  ${lab.name}: ${step} (${((Date.now() - started) / 1000).toFixed(1)} s)`),
  });
  const abandon = () => {
    context.abandon();
    process.exit(130);
  };
  process.once('SIGINT', abandon);
  process.once('SIGTERM', abandon);
  console.log(`${lab.name}: ${lab.title}`);
  let failure: string | undefined;
  try {
    await lab.run(context);
  } catch (error) {
    failure = `${context.currentStep}: ${error instanceof Error ? error.message : String(error)}`;
    writeFileSync(join(directory, 'failure.txt'), `${failure}\n${(error as Error).stack ?? ''}\n`);
  }
  process.off('SIGINT', abandon);
  process.off('SIGTERM', abandon);
  await context.remove();
  const seconds = (Date.now() - started) / 1000;
  if (failure === undefined) {
    if (!keep) rmSync(directory, { recursive: true, force: true });
    return { lab, outcome: 'passed', seconds, note: keep ? `kept in ${directory}` : '' };
  }
  console.log(`  FAILED ${failure}\n  logs and captures: ${directory}`);
  return { lab, outcome: 'failed', seconds, note: failure.split('\n')[0]! };
}

/** Why a lab cannot run here, in words; undefined when it can. */
function whyNot(lab: Lab): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root (network namespaces)';
  if (lab.newer && !isExecutable(join(NEWER_ROOT, 'usr/bin/vtysh'))) {
    return 'needs the newer Debian root: interop/setup --newer';
  }
  const missing = lab.needs.filter((program) => !onPath(program));
  return missing.length > 0 ? `needs ${missing.join(', ')}: interop/setup` : undefined;
}

function onPath(program: string): boolean {
  const path = `${process.env.PATH}${delimiter}/usr/sbin${delimiter}/usr/lib/frr`;
  return path.split(delimiter).some((directory) => isExecutable(join(directory, program)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function printTable(results: readonly Result[]): void {
  const width = Math.max(...results.map((result) => result.lab.name.length), 3);
  console.log(`\n${'lab'.padEnd(width)}  result   seconds  note`);
  for (const { lab, outcome, seconds, note } of results) {
    const line = `${lab.name.padEnd(width)}  ${outcome.padEnd(8)} ${seconds.toFixed(1).padStart(6)}  ${note}`;
    console.log(line.trimEnd());
  }
  const count = (outcome: Outcome) => results.filter((result) => result.outcome === outcome).length;
  const skipped = count('skipped');
  const tail = skipped > 0 ? `, ${skipped} skipped` : '';
  console.log(`\n${count('passed')} passed, ${count('failed')} failed${tail}`);
}

process.exitCode = await main(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message);
  return 2;
});
