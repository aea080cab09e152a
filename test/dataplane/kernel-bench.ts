/**
 * A leaf in a network namespace of its own, looked at and acted upon from outside with iproute2. VNI n is vxlan<n> in br<n>;
 * ports are veth pairs p1, p2 (per bridge named p1-<n>), named back to p1, p2 in what the laws see.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { AddressTable } from '../../src/base/address-table.ts';
import { systemClock } from '../../src/base/clock.ts';
import { type IpBytes, printIp } from '../../src/base/ip.ts';
import { systemCallsAvailable } from '../../src/base/libc.ts';
import { type Mac, printMac } from '../../src/base/mac.ts';
import { inNetworkNamespace } from '../../src/base/system-calls.ts';
import type { Dataplane, DataplaneEvents } from '../../src/dataplane/interfaces.ts';
import { createKernelDataplane } from '../../src/dataplane/kernel/index.ts';
import type { Bench, EntryLine } from './contract.ts';

export const kernelSkip: string | false = skipReason();

function skipReason(): string | false {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  if (!systemCallsAvailable()) return 'libc cannot be loaded here';
  if (spawnSync('ip', ['-V']).error || spawnSync('bridge', ['-V']).error) return 'iproute2 is not installed';
  const name = `evpnd-probe-${process.pid}`;
  const made = spawnSync('ip', ['netns', 'add', name]).status === 0;
  const vxlan = spawnSync('ip', [
    '-n',
    name,
    'link',
    'add',
    'v1',
    'type',
    'vxlan',
    'id',
    '1',
    'dstport',
    '4789',
  ]);
  spawnSync('ip', ['netns', 'del', name]);
  if (!made) return 'network namespaces cannot be made here';
  return vxlan.status === 0 ? false : 'the kernel has no VXLAN devices';
}

let benches = 0;

export interface KernelBench extends Bench {
  readonly namespace: string;
  readonly stateFile: string;
  /** Runs a command in the namespace and returns its output; throws when it fails. */
  run(command: string): string;
  /** Feeds lines to `ip -batch` or `bridge -batch`. */
  batch(program: 'ip' | 'bridge', lines: readonly string[]): void;
  create(options?: {
    readonly auditMilliseconds?: number;
    readonly stateFile?: string | undefined;
    readonly addresses?: AddressTable;
    readonly noticeBufferOctets?: number;
  }): Dataplane;
}

interface FdbRecord {
  readonly mac: string;
  readonly ifname: string;
  readonly dst?: string;
  readonly flags: readonly string[];
  readonly master?: string;
  readonly state?: string;
}

interface NeighbourView {
  readonly dst: string;
  readonly lladdr?: string;
  readonly state: readonly string[];
}

export async function kernelBench(): Promise<KernelBench> {
  const namespace = `evpnd-${process.pid}-${++benches}`;
  const directory = mkdtempSync(join(tmpdir(), 'evpnd-dataplane-'));
  const addresses = new AddressTable();
  const exec = (program: string, args: readonly string[], input?: string): string => {
    const result = spawnSync(program, args, { encoding: 'utf8', input, maxBuffer: 256 << 20 });
    if (result.status !== 0)
      throw new Error(`${program} ${args.join(' ')}: ${result.stderr}${result.error ?? ''}`);
    return result.stdout;
  };
  const run = (command: string): string => exec('ip', ['netns', 'exec', namespace, 'sh', '-c', command]);
  exec('ip', ['netns', 'add', namespace]);
  run('ip link set lo up; ip addr add 10.0.0.1/32 dev lo; sysctl -qw net.ipv6.conf.default.accept_dad=0');
  run('ip link add under type veth peer name under-peer; ip link set under up; ip link set under-peer up');
  run('ip addr add 192.0.2.1/24 dev under');
  const opened: Dataplane[] = [];
  const fdb = (): FdbRecord[] => JSON.parse(run('bridge -j fdb show') || '[]');

  return {
    addresses,
    namespace,
    stateFile: join(directory, 'flood-entries.json'),
    run,
    batch(program, lines) {
      exec('ip', ['netns', 'exec', namespace, program, '-batch', '-'], `${lines.join('\n')}\n`);
    },
    create(options = {}) {
      const dataplane = createKernelDataplane({
        clock: systemClock,
        addresses,
        stateFile: join(directory, 'flood-entries.json'),
        ...options,
      });
      // The sockets are made before open first waits, so they belong to the namespace.
      const open = dataplane.open.bind(dataplane);
      dataplane.open = (events: DataplaneEvents) => inNetworkNamespace(namespace, () => open(events));
      opened.push(dataplane);
      return dataplane;
    },
    async addInstance(vni) {
      run(`ip link add br${vni} type bridge
        ip link set br${vni} addrgenmode none
        ip link add vxlan${vni} type vxlan id ${vni} local 10.0.0.1 dstport 4789 nolearning
        ip link set vxlan${vni} addrgenmode none master br${vni}
        ip link set vxlan${vni} type bridge_slave neigh_suppress on learning off
        for p in p1 p2; do ip link add $p-${vni} type veth peer name $p-${vni}-host
          sysctl -qw net.ipv6.conf.$p-${vni}-host.disable_ipv6=1
          ip link set $p-${vni} master br${vni}; ip link set $p-${vni} up; ip link set $p-${vni}-host up; done
        ip link set vxlan${vni} up; ip link set br${vni} up; ip addr add 10.10.10.1/24 dev br${vni}`);
      // A port learns nothing, and takes no dynamic entry, before the kernel has seen its carrier.
      await this.until(
        () => run(`bridge link show | grep -c 'master br${vni} state forwarding' || true`).trim() === '3',
        'ports forward',
      );
    },
    async removeInstance(vni) {
      run(`ip link del vxlan${vni}; ip link del br${vni}; ip link del p1-${vni}; ip link del p2-${vni}`);
    },
    async entries(vni) {
      const lines: EntryLine[] = [];
      for (const entry of fdb()) {
        if (entry.ifname !== `vxlan${vni}` || !entry.flags.includes('self') || entry.dst === undefined)
          continue;
        if (entry.mac === '00:00:00:00:00:00') lines.push(`flood ${vni} ${entry.dst}`);
        else lines.push(`mac ${vni} ${entry.mac} ${entry.dst}`);
      }
      for (const family of ['-4', '-6']) {
        const exists = run(`ip link show br${vni} 2>/dev/null || true`) !== '';
        const shown = exists ? run(`ip ${family} -j neigh show dev br${vni} nud all`) : '[]';
        for (const entry of JSON.parse(shown || '[]') as NeighbourView[]) {
          const isFixed = entry.state.includes('NOARP') || entry.state.includes('PERMANENT');
          const isGroup =
            entry.dst.startsWith('ff') || entry.dst.startsWith('224.') || entry.lladdr === undefined;
          if (isFixed && !isGroup) lines.push(`neighbour ${vni} ${entry.dst} ${entry.lladdr}`);
        }
      }
      return lines.sort();
    },
    async localPort(vni, mac) {
      const found = fdb().find(
        (entry) =>
          entry.mac === printMac(mac) && entry.master === `br${vni}` && entry.ifname !== `vxlan${vni}`,
      );
      return found?.ifname.replace(`-${vni}`, '');
    },
    async attachMac(vni, mac, port, sticky = false) {
      run(`bridge fdb replace ${printMac(mac)} dev ${port}-${vni} master ${sticky ? 'static' : 'dynamic'}`);
    },
    async detachMac(vni, mac) {
      const port = await this.localPort(vni, mac);
      run(`bridge fdb del ${printMac(mac)} dev ${port}-${vni} master`);
    },
    async attachNeighbour(vni, address, mac) {
      run(`ip neigh replace ${printIp(address)} lladdr ${printMac(mac)} dev br${vni} nud reachable`);
    },
    async detachNeighbour(vni, address) {
      run(`ip neigh del ${printIp(address)} dev br${vni}`);
    },
    async writeForeign(line) {
      const [kind, vni, first, second] = line.split(' ');
      if (kind === 'flood')
        run(`bridge fdb append 00:00:00:00:00:00 dev vxlan${vni} dst ${first} self permanent`);
      else if (kind === 'mac')
        run(
          `bridge fdb replace ${first} dev vxlan${vni} dst ${second} self static; bridge fdb replace ${first} dev vxlan${vni} master static`,
        );
      else run(`ip neigh replace ${first} lladdr ${second} dev br${vni} nud permanent`);
    },
    async deleteForeign(line) {
      const [kind, vni, first, second] = line.split(' ');
      if (kind === 'flood') run(`bridge fdb del 00:00:00:00:00:00 dev vxlan${vni} dst ${first} self`);
      else if (kind === 'mac')
        run(
          `bridge fdb del ${first} dev vxlan${vni} dst ${second} self; bridge fdb del ${first} dev vxlan${vni} master`,
        );
      else run(`ip neigh del ${first} dev br${vni}`);
    },
    async setReachable(vtep: IpBytes, reachable: boolean) {
      run(
        `ip route ${reachable ? 'replace' : 'flush'} ${printIp(vtep)}/32 ${reachable ? 'via 192.0.2.2' : ''}`,
      );
    },
    async until(condition, what) {
      const end = Date.now() + 5000;
      while (!(await condition())) {
        if (Date.now() > end) throw new Error(`it did not come about that ${what}`);
        await wait(5);
      }
    },
    async quiet() {
      await wait(250);
    },
    async close() {
      for (const dataplane of opened) await dataplane.close({ keepEntries: true });
      spawnSync('ip', ['netns', 'del', namespace]);
      rmSync(directory, { recursive: true, force: true });
    },
  } as KernelBench;
}

export type { Mac };
