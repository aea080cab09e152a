/** A network namespace of the test's own with a small leaf in it, made with iproute2, and gone afterwards. */
import { spawnSync } from 'node:child_process';
import { systemCallsAvailable } from '../../src/base/libc.ts';
import { inNetworkNamespace, interfaceIndex } from '../../src/base/system-calls.ts';

/** Why a test that needs a network namespace must be skipped here; false when it can run. */
export const skipWithoutNamespaces: string | false = (() => {
  if (!systemCallsAvailable()) return 'libc cannot be loaded here';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const name = `evpnd-nl-probe-${process.pid}`;
  const made = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' });
  if (made.status !== 0) return `ip netns add does not work here: ${made.stderr ?? made.error}`;
  spawnSync('ip', ['netns', 'del', name]);
  return spawnSync('bridge', ['-V']).status === 0 ? false : 'the bridge command of iproute2 is not here';
})();

export class Namespace {
  readonly name: string;

  constructor(purpose: string) {
    this.name = `evpnd-${purpose}-${process.pid}`;
    run('ip', ['netns', 'add', this.name]);
  }

  /** Runs command lines one by one; the first that fails throws with what it said. */
  run(...lines: readonly string[]): string {
    return lines.map((line) => run('ip', ['netns', 'exec', this.name, ...line.split(' ')])).join('');
  }

  in<T>(action: () => T): T {
    return inNetworkNamespace(this.name, action);
  }

  index(interfaceName: string): number {
    return this.in(() => interfaceIndex(interfaceName)) ?? 0;
  }

  remove(): void {
    spawnSync('ip', ['netns', 'del', this.name]);
  }
}

function run(command: string, args: readonly string[]): string {
  const result = spawnSync(command, args, { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${result.stderr || result.error}`);
  return result.stdout;
}

/** Bridge br10 with VXLAN device vxlan10 (VNI 10) and one host port, underlay address 10.0.0.1. */
export const LEAF: readonly string[] = [
  'ip link set lo up',
  'ip address add 10.0.0.1/32 dev lo',
  'ip link add br10 address 02:aa:00:00:00:10 type bridge',
  'ip link set br10 up',
  'ip link add vxlan10 address 02:aa:00:00:00:11 type vxlan id 10 local 10.0.0.1 dstport 4789',
  'ip link set vxlan10 master br10',
  'ip link set vxlan10 up',
  'ip link add swp1 address 02:aa:00:00:00:12 type veth peer name host1 address 02:aa:00:00:00:13',
  'ip link set swp1 master br10',
  'ip link set swp1 up',
  'ip link set host1 up',
];
