/**
 * Reloading: reads the file, compares, and applies only the difference. Sessions that did not change are not touched; a
 * file with problems changes nothing.
 */
import {
  type Config,
  type ConfigChange,
  diffConfig,
  loadConfig,
  printChange,
  printProblem,
} from '../config/index.ts';
import { ControlError, type ReloadReply } from '../control/api.ts';
import type { Parts } from './parts.ts';

export class Reloader {
  readonly #parts: Parts;
  readonly #file: string;
  #config: Config;
  #loadedAt: number;
  /** Reloads run one after the other. */
  #running: Promise<unknown>;

  /** @param started a reload that comes earlier waits for it */
  constructor(config: Config, file: string, parts: Parts, started: Promise<unknown>) {
    this.#config = config;
    this.#file = file;
    this.#parts = parts;
    this.#loadedAt = parts.clock.wallTime();
    this.#running = started;
  }

  get config(): Config {
    return this.#config;
  }

  get file(): string {
    return this.#file;
  }

  /** Wall-clock milliseconds. */
  get loadedAt(): number {
    return this.#loadedAt;
  }

  /** @throws ControlError with code bad-config and every problem, a line each */
  reload(): Promise<ReloadReply> {
    const result = this.#running.then(() => this.#reload());
    this.#running = result.catch(() => undefined);
    return result;
  }

  async #reload(): Promise<ReloadReply> {
    const { config, problems } = loadConfig(this.#file);
    if (!config) {
      const text = problems.map(printProblem).join('\n');
      throw new ControlError(
        400,
        'bad-config',
        text,
        'Nothing was changed; `evpnd --check FILE` checks a file beforehand.',
      );
    }
    const changes = diffConfig(this.#config, config);
    await this.#relisten(changes);
    const resets: string[] = [];
    for (const change of changes) resets.push(...this.#apply(change, config));
    if (changes.some(({ type }) => EVPN_CHANGES.has(type))) {
      this.#parts.leaves.reconfigure(config);
    }
    this.#parts.restart.reconfigured();
    this.#config = this.#inEffect(config);
    this.#loadedAt = this.#parts.clock.wallTime();
    const lines = changes.map(printChange);
    this.#parts.log.info({ changes: lines.length, resets }, 'configuration reloaded');
    this.#parts.events.emit({ type: 'config', changes: lines });
    return { file: this.#file, changes: lines, resets };
  }

  /** What holds now of the new configuration: what needs a restart stays as it was, and is reported again next time. */
  #inEffect(config: Config): Config {
    const { router, gracefulRestart, control, log, dataplane } = this.#config;
    return {
      ...config,
      router,
      gracefulRestart,
      control,
      log: { ...config.log, format: log.format },
      dataplane: {
        ...config.dataplane,
        type: dataplane.type,
        stateDirectory: dataplane.stateDirectory,
      },
    };
  }

  /** The one change that may fail, so it comes before every other: when it does, nothing has changed. */
  async #relisten(changes: readonly ConfigChange[]): Promise<void> {
    const change = changes.find(({ type }) => type === 'listen-changed');
    if (change?.type !== 'listen-changed') return;
    try {
      await this.#parts.neighbours.relisten(change.after);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      throw new ControlError(409, 'cannot-listen', text, 'Nothing was changed; it listens where it did.');
    }
  }

  /** Applies one change; returns the neighbours whose sessions were reset for it. */
  #apply(change: ConfigChange, config: Config): readonly string[] {
    const { neighbours, log } = this.#parts;
    switch (change.type) {
      case 'neighbor-added':
        neighbours.add(change.neighbor);
        return [];
      case 'neighbor-removed':
        neighbours.remove(change.neighbor.address, 'no longer configured');
        return [change.neighbor.address];
      case 'neighbor-changed':
        return neighbours.change(change.after) ? [change.after.address] : [];
      case 'listen-range-added':
      case 'listen-range-removed':
      case 'listen-range-changed': {
        neighbours.setRanges(config.listenRanges);
        if (change.effect !== 'reset') return [];
        return neighbours.resetRange('before' in change ? change.before : change.range);
      }
      case 'log-changed':
        log.setLevel(change.after.level);
        return [];
      case 'listen-changed':
        // The first of all.
        return [];
      case 'dataplane-changed':
      case 'vni-added':
      case 'vni-removed':
      case 'vni-changed':
      case 'evpn-changed':
        // One call for all of them, when every other change is in place.
        return [];
      case 'router-changed':
      case 'graceful-restart-changed':
      case 'control-changed':
        log.warn({}, `${printChange(change)}: holds after a restart`);
        return [];
    }
  }
}

/** Changes that the EVPN part takes in one go. */
const EVPN_CHANGES: ReadonlySet<ConfigChange['type']> = new Set([
  'vni-added',
  'vni-removed',
  'vni-changed',
  'evpn-changed',
  'dataplane-changed',
]);
