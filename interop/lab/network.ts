/**
 * Network namespaces and links for labs and the demo. Every name carries a prefix that only this network
 * uses, everything made is recorded, and `remove` takes it away again, also from an exit handler.
 */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { promisify } from 'node:util';

const execFileAsync = promisify(execFile);

export interface CommandOptions {
  /** Seconds before the command is killed; 20 unless told. */
  readonly timeoutSeconds?: number;
  /** Text for its standard input. */
  readonly input?: string;
}

/** Runs a command and resolves to its standard output; rejects with its standard error in the message. */
export async function run(command: readonly string[], options: CommandOptions = {}): Promise<string> {
  const [file, ...args] = command;
  const child = execFileAsync(file!, args, {
    timeout: (options.timeoutSeconds ?? 20) * 1000,
    maxBuffer: 256 * 1024 * 1024,
  });
  if (options.input !== undefined) child.child.stdin?.end(options.input);
  try {
    return (await child).stdout;
  } catch (cause) {
    const { stderr, stdout, message } = cause as { stderr?: string; stdout?: string; message: string };
    throw new Error(`${command.join(' ')}: ${stderr?.trim() || stdout?.trim() || message}`, { cause });
  }
}

/** Sysctls of a namespace in which VXLAN over unnumbered-looking /31 links works without surprises. */
const NODE_SYSCTLS = [
  'net.ipv4.ip_forward=1',
  'net.ipv6.conf.all.forwarding=1',
  'net.ipv6.conf.default.accept_dad=0',
  'net.ipv6.conf.all.accept_dad=0',
  'net.ipv4.conf.all.rp_filter=0',
  'net.ipv4.conf.default.rp_filter=0',
];
const HOST_SYSCTLS = [
  'net.ipv6.conf.default.accept_dad=0',
  'net.ipv6.conf.all.accept_dad=0',
  'net.ipv4.conf.default.arp_notify=1',
  'net.ipv6.conf.default.ndisc_notify=1',
];

export class Network {
  readonly prefix: string;
  readonly #namespaces = new Set<string>();

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  /** The namespace's full name, for `ip netns exec` by hand. */
  namespace(node: string): string {
    return `${this.prefix}${node}`;
  }

  /** A router: forwarding on, reverse-path filter off. */
  async addNode(node: string): Promise<void> {
    await this.#add(node, NODE_SYSCTLS);
  }

  async addHost(node: string): Promise<void> {
    await this.#add(node, HOST_SYSCTLS);
  }

  async #add(node: string, sysctls: readonly string[]): Promise<void> {
    const name = this.namespace(node);
    await run(['ip', 'netns', 'add', name]);
    this.#namespaces.add(name);
    await this.ip(node, 'link set lo up');
    await this.exec(node, ['sysctl', '-qw', ...sysctls]);
  }

  /** A veth pair between two nodes, both ends up. */
  async link(
    nodeA: string,
    interfaceA: string,
    nodeB: string,
    interfaceB: string,
    mtu = 1500,
  ): Promise<void> {
    const [a, b] = [this.namespace(nodeA), this.namespace(nodeB)];
    await run(`ip link add ${interfaceA} netns ${a} type veth peer name ${interfaceB} netns ${b}`.split(' '));
    await this.ip(nodeA, `link set ${interfaceA} mtu ${mtu} up`);
    await this.ip(nodeB, `link set ${interfaceB} mtu ${mtu} up`);
  }

  /** `ip` with the words of `command` in the node's namespace. */
  async ip(node: string, command: string): Promise<string> {
    return run(['ip', '-n', this.namespace(node), ...command.trim().split(/\s+/)]);
  }

  /** `bridge` with the words of `command` in the node's namespace. */
  async bridge(node: string, command: string): Promise<string> {
    return run(['bridge', '-n', this.namespace(node), ...command.trim().split(/\s+/)]);
  }

  async exec(node: string, command: readonly string[], options: CommandOptions = {}): Promise<string> {
    return run(this.command(node, command), options);
  }

  /** The argument vector that runs `command` inside the node. */
  command(node: string, command: readonly string[]): string[] {
    return ['ip', 'netns', 'exec', this.namespace(node), ...command];
  }

  /** Deletes every namespace made here. Synchronous, so that an exit handler can call it. */
  remove(): void {
    for (const name of this.#namespaces) {
      try {
        execFileSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
      } catch {
        // Already gone: what we want.
      }
    }
    this.#namespaces.clear();
  }
}

/** Names of the namespaces that exist now and begin with `prefix`. */
export function namespacesWithPrefix(prefix: string): string[] {
  return existsSync('/run/netns') ? readdirSync('/run/netns').filter((name) => name.startsWith(prefix)) : [];
}

/** Removes what runs of ours left behind that were killed: namespaces `<stem><pid>-*` of processes that are gone. */
export function removeLeftovers(stem: string): void {
  for (const name of namespacesWithPrefix(stem)) {
    const pid = Number(name.slice(stem.length).split('-')[0]);
    if (Number.isInteger(pid) && pid > 0 && !existsSync(`/proc/${pid}`)) {
      execFileSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
    }
  }
}
