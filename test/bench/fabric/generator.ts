/** The load generator as its parent sees it: worker processes in a namespace of their own, asked over IPC. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FeedShape } from './feed.ts';
import type { Place } from './systems/system.ts';
import type { Target, WorkerReply, WorkerRequest } from './worker.ts';

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));

export class WorkerProcess {
  readonly #child: ChildProcess;

  constructor(place: Place, node: string) {
    const program = [process.execPath, '--import=tsx', '--conditions=evpnd-source', WORKER];
    const [file, ...args] = place.network?.command(node, program) ?? program;
    this.#child = spawn(file!, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  }

  /** @throws Error with what the worker says is wrong */
  async ask(request: WorkerRequest): Promise<WorkerReply> {
    const reply = await new Promise<WorkerReply>((resolve, reject) => {
      const ended = (code: number | null): void => reject(new Error(`the load generator ended: ${code}`));
      this.#child.once('exit', ended);
      this.#child.once('message', (message) => {
        this.#child.off('exit', ended);
        resolve(message as WorkerReply);
      });
      this.#child.send(request);
    });
    if (reply.error !== undefined) throw new Error(`${request.type}: ${reply.error}`);
    return reply;
  }

  /** Opens the sessions. */
  connect(target: Target, addresses: readonly string[], hosts: number): Promise<WorkerReply> {
    return this.ask({ type: 'connect', target, addresses, hosts });
  }

  load(feed: FeedShape): Promise<WorkerReply> {
    return this.ask({ type: 'load', feed });
  }

  stop(): void {
    if (this.#child.connected) this.#child.disconnect();
  }
}
