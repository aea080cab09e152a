/**
 * The C program that the bench measures with: writing a remote MAC in one message and in two is the same work, or comparing
 * with the quicker of the two would be comparing with something else.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import t from 'tap';
import { Namespace, skipWithoutNamespaces } from '../netlink/namespace.ts';
import { compileFdb } from './fabric/fdb.ts';

const MACS = 1000;
const DEVICES = ['vxlan1', 'vxlan2'];
const skip =
  skipWithoutNamespaces || (spawnSync('gcc', ['--version']).status === 0 ? false : 'gcc is not here');

t.test('one message and two make the same entries, and both take them all out again', { skip }, async (t) => {
  const directory = mkdtempSync(`${tmpdir()}/evpnd-fdb-`);
  const namespace = new Namespace('fdb');
  t.teardown(() => {
    namespace.remove();
    rmSync(directory, { recursive: true, force: true });
  });
  const program = compileFdb(directory)!;
  for (const [i, device] of DEVICES.entries()) {
    namespace.run(
      `ip link add br${i} address 02:aa:00:00:00:0${i} type bridge`,
      `ip link set br${i} up`,
      `ip link add ${device} address 02:bb:00:00:00:0${i} type vxlan id ${i + 1} local 10.0.0.1 dstport 4789 nolearning`,
      `ip link set ${device} master br${i} up`,
    );
  }
  const before = entries();

  const one = await written('1');
  const two = await written('2');
  const bare = new Set(before);
  const remote = one.filter((line) => !bare.has(line));
  t.equal(remote.filter((line) => / dst 10\.1\.0\.\d+ .*self/.test(line)).length, MACS, 'in the devices');
  t.equal(remote.filter((line) => / master br/.test(line)).length, MACS, 'in the bridges');
  t.equal(
    remote.filter((line) => line.includes('extern_learn')).length,
    2 * MACS,
    'marked as learned elsewhere',
  );
  t.strictSame(two, one);
  t.strictSame(entries(), before);

  function entries(): string[] {
    return namespace.run('bridge fdb show').split('\n').sort();
  }

  /** What is there after writing; it is taken out again. */
  async function written(messages: '1' | '2'): Promise<string[]> {
    const words = ['netns', 'exec', namespace.name, program, 'write', messages, String(MACS), ...DEVICES];
    const child = spawn('ip', words, { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    await lines.next();
    await lines.next();
    const there = entries();
    child.stdin.end();
    t.equal(await ended, 0);
    return there;
  }
});
