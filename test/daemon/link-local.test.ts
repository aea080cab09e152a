/** Two daemons that know each other by link-local addresses only, in namespaces of their own with a veth between them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { Namespace, skipWithoutNamespaces } from '../netlink/namespace.ts';

const RUN = ['--import=tsx', '--conditions=evpnd-source', 'src/daemon/main.ts', '-c'];

/** Resolves with the line of the log that says it; rejects when the process ends before. */
function says(daemon: ChildProcess, words: string): Promise<string> {
  let log = '';
  return new Promise((resolve, reject) => {
    daemon.stderr!.on('data', (chunk) => {
      log += String(chunk);
      const line = log.split('\n').find((each) => each.includes(words));
      if (line !== undefined) resolve(line);
    });
    daemon.once('close', () => reject(new Error(`never said "${words}": ${log}`)));
  });
}

t.test(
  'RFC 4291 section 2.5.6: neighbours on one link, by link-local address and interface',
  { skip: skipWithoutNamespaces },
  async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'evpnd-test-'));
    const places = ['lla', 'llb'].map((purpose) => new Namespace(purpose));
    const daemons: ChildProcess[] = [];
    t.teardown(async () => {
      for (const daemon of daemons) {
        if (daemon.exitCode !== null) continue;
        daemon.kill('SIGKILL');
        await once(daemon, 'exit');
      }
      for (const place of places) place.remove();
      rmSync(directory, { recursive: true, force: true });
    });
    places[0]!.run(`ip link add link0 type veth peer name link0 netns ${places[1]!.name}`);
    const heard = places.map((place, i) => {
      place.run(
        'ip link set link0 addrgenmode none',
        'ip link set link0 up',
        `ip address add fe80::${i + 1}/64 dev link0 nodad`,
      );
      const file = join(directory, `${i}.yaml`);
      writeFileSync(
        file,
        `router: { asn: 65000, router-id: 10.0.0.${i + 1} }
neighbors: [ { address: fe80::${2 - i}, remote-as: internal, update-source: link0, timers: { connect-retry: 1 } } ]
dataplane: { type: memory }
control: { socket: ${join(directory, `${i}.sock`)} }
`,
      );
      const args = ['netns', 'exec', place.name, process.execPath, ...RUN, file];
      const daemon = spawn('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
      daemons.push(daemon);
      return says(daemon, 'session established');
    });
    const [first, second] = await Promise.all(heard);
    t.match(first, /fe80::2/);
    t.match(second, /fe80::1/);
  },
);
