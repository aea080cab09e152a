/**
 * One leaf for each hardware VTEP of the configuration. Its name in BGP is its tunnel address: that is the next hop of its routes
 * and the administrator of its route distinguishers (RFC 7432 section 7.9), so no two switches announce under the same one. A switch
 * that is away holds up neither the daemon nor the others.
 */
import { join } from 'node:path';
import type { AddressTable } from '../base/address-table.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { printIp } from '../base/ip.ts';
import type { Logger } from '../base/log.ts';
import { parseEndpoint, printEndpoint } from '../base/ovsdb-endpoint.ts';
import type { Config, SwitchConfig } from '../config/index.ts';
import { HardwareVtepDataplane, type SwitchStatus } from '../dataplane/hardware-vtep/index.ts';
import type { DataplaneEvents } from '../dataplane/interfaces.ts';
import { Evpn, type EvpnListener } from '../evpn/index.ts';
import {
  activeSource,
  PassivePort,
  passiveSource,
  type StreamSource,
  type TlsFiles,
} from '../ovsdb/index.ts';
import type { Rib } from '../rib/index.ts';
import { evpnSettings } from './evpn-settings.ts';
import { JoinedDataplanes, JoinedViews, type Leaf, type LeafEvpn, type Leaves } from './leaves.ts';
import type { Problems } from './problems.ts';

interface Dependencies {
  readonly clock: Clock;
  readonly addresses: AddressTable;
  readonly log: Logger;
  readonly rib: Rib;
  readonly problems: Problems;
}

class SwitchLeaf implements Leaf {
  readonly name: string;
  readonly evpn: Evpn;
  readonly dataplane: HardwareVtepDataplane;
  /** Decides whether this leaf is made anew: everything but the bindings. */
  readonly identity: string;
  readonly #problems: Problems;
  readonly #log: Logger;
  readonly #clock: Clock;
  /** Resolves when the switch has told what is behind its ports, or has been away for so long that it has nothing there. */
  readonly learned: Promise<void>;
  readonly #hasLearned: () => void;
  readonly #awayMilliseconds: number;
  #away: Timer | undefined;
  #config: Config;
  #retired = false;
  /** The tunnel address, once it is known; nothing is announced before. */
  #routerId: string;
  /** The tunnel addresses that it has had, as numbers: its routes carry one of them in their route distinguisher. */
  readonly #administrators = new Set<number>();

  constructor(config: Config, own: SwitchConfig, source: StreamSource, dependencies: Dependencies) {
    const { clock, addresses, rib, problems } = dependencies;
    const { router, dataplane } = config;
    const log = dependencies.log.child({ part: 'dataplane', switch: own.name });
    this.name = own.name;
    let hasLearned = (): void => {};
    this.learned = new Promise((resolve) => {
      hasLearned = resolve;
    });
    this.#hasLearned = hasLearned;
    this.#awayMilliseconds = own.awaySeconds * 1000;
    this.identity = identityOf(own);
    this.#problems = problems;
    this.#log = log;
    this.#clock = clock;
    this.#config = config;
    this.#routerId = router.routerId;
    this.dataplane = HardwareVtepDataplane.create({
      switchName: own.name,
      source,
      bindings: own.bindings,
      keyAtLocators: own.tunnelKeys === 'locator',
      lock: own.lock,
      ledgerFile: join(dataplane.stateDirectory, `${router.routerId}-${own.name}.rows`),
      bindingsFile: join(dataplane.stateDirectory, `${router.routerId}-${own.name}.bindings`),
      arpSuppression: own.arpSuppression,
      awayMilliseconds: own.awaySeconds * 1000,
      auditMilliseconds: dataplane.auditIntervalSeconds * 1000,
      clock,
      addresses,
      log,
    });
    this.evpn = new Evpn({
      config: this.#settings(),
      rib,
      forwarding: this.dataplane,
      addresses,
      clock,
      log: log.child({ part: 'evpn' }),
      problem: (subject, text) => this.#problem(subject, text),
      isOwnRoute: (key, start) => this.#isOwnRoute(key, start),
    });
  }

  /** The switch may be away for long: nobody waits for it. */
  open(): void {
    this.evpn.start();
    this.#away = this.#clock.after(this.#awayMilliseconds, this.#hasLearned);
    this.dataplane
      .open(this.#events())
      .catch((error: unknown) => {
        this.#problem('switch', `Cannot drive it: ${String(error)}`);
        this.#log.error({ error }, 'the dataplane of the switch has failed');
      })
      .finally(() => {
        this.#away?.cancel();
        this.#hasLearned();
      });
  }

  reconfigure(config: Config, own: SwitchConfig): void {
    this.#config = config;
    this.evpn.reconfigure(this.#settings());
    this.dataplane.rebind(own.bindings);
  }

  async close(options: { readonly keepEntries: boolean }): Promise<void> {
    this.evpn.close();
    this.#away?.cancel();
    await this.dataplane.close(options);
  }

  /** The switch is not configured any more, or will be reached otherwise: its routes go, and then this leaf. */
  retire(options: { readonly keepEntries: boolean }): void {
    this.#retired = true;
    this.#problems.forget(this.name);
    this.evpn.reconfigure({ ...this.#settings(), vnis: [], advertiseAllVni: false });
    // A session that another leaf takes over ends at once.
    if (options.keepEntries) this.dataplane.close(options).catch(() => {});
    this.#endWhenWithdrawn(options, RETIRE_TURNS);
  }

  #endWhenWithdrawn(options: { readonly keepEntries: boolean }, turns: number): void {
    const { done } = this.evpn.views.instances().next();
    if (done || turns === 0) this.close(options).catch(() => {});
    else this.#clock.after(RETIRE_MILLISECONDS, () => this.#endWhenWithdrawn(options, turns - 1));
  }

  #settings() {
    return { ...evpnSettings(this.#config), routerId: this.#routerId };
  }

  #events(): DataplaneEvents {
    const forwarded = this.#problems.forward(this.evpn);
    return {
      ...forwarded,
      problem: (subject, text) => this.#problem(subject, text),
      instance: (state) => {
        if (state.vtep) this.#takeTunnelAddress(printIp(state.vtep), state.vtep);
        forwarded.instance(state);
      },
    };
  }

  /** Another leaf may have the name of one that is retired. */
  #problem(subject: string, text: string | undefined): void {
    if (!this.#retired) this.#problems.set(`${subject} ${this.name}`, text);
  }

  #takeTunnelAddress(text: string, octets: Uint8Array): void {
    if (text === this.#routerId) return;
    this.#routerId = text;
    this.#administrators.add(administratorAt(octets, 0));
    this.evpn.reconfigure(this.#settings());
  }

  /** A key begins with its type; the route distinguisher follows: type 1, address, number (RFC 4364 section 4.2). */
  #isOwnRoute(key: Uint8Array, start: number): boolean {
    return this.#administrators.has(administratorAt(key, start + RD_ADDRESS));
  }
}

/** Routes are withdrawn in slices; a leaf that goes waits for them, but not for ever. */
const RETIRE_MILLISECONDS = 100;
const RETIRE_TURNS = 100;

/** Offset of the address within a key: one octet of route type, two of the distinguisher's own type. */
const RD_ADDRESS = 3;

const administratorAt = (octets: Uint8Array, at: number): number =>
  ((octets[at]! << 24) | (octets[at + 1]! << 16) | (octets[at + 2]! << 8) | octets[at + 3]!) >>> 0;

const identityOf = ({ bindings: _, ...rest }: SwitchConfig): string => JSON.stringify(rest);

export class SwitchLeaves implements Leaves {
  readonly evpn: LeafEvpn;
  readonly dataplane: JoinedDataplanes;
  readonly #dependencies: Dependencies;
  readonly #ports = new Map<string, PassivePort>();
  readonly #listeners = new Map<EvpnListener, (() => void)[]>();
  #config: Config;
  #leaves: readonly SwitchLeaf[];
  #opened = false;
  #pruning = false;

  constructor(config: Config, dependencies: Dependencies) {
    this.#dependencies = dependencies;
    this.#config = config;
    this.#leaves = config.dataplane.switches.map((own) => this.#make(own));
    this.evpn = {
      views: new JoinedViews(() => this.#leaves),
      watch: (listener) => this.#watch(listener),
      clearDuplicates: (vni, mac) =>
        this.#leaves.reduce((cleared, { evpn }) => cleared + evpn.clearDuplicates(vni, mac), 0),
    };
    this.dataplane = new JoinedDataplanes('hardware-vtep', () => this.#leaves);
  }

  get all(): readonly Leaf[] {
    return this.#leaves;
  }

  get learned(): Promise<void> {
    return Promise.all(this.#leaves.map(({ learned }) => learned)).then(() => {});
  }

  async open(): Promise<void> {
    this.#opened = true;
    for (const leaf of this.#leaves) leaf.open();
  }

  /** Switches that stay keep their session; one that is reached otherwise now keeps its rows, one that goes does not. */
  reconfigure(config: Config): void {
    this.#config = config;
    const before = new Map(this.#leaves.map((leaf) => [leaf.name, leaf]));
    this.#leaves = config.dataplane.switches.map((own) => {
      const known = before.get(own.name);
      before.delete(own.name);
      if (known && known.identity === identityOf(own)) {
        known.reconfigure(config, own);
        return known;
      }
      known?.retire({ keepEntries: true });
      const made = this.#make(own);
      for (const [listener, ends] of this.#listeners) ends.push(made.evpn.watch(listener));
      if (this.#opened) made.open();
      if (this.#pruning) made.dataplane.pruneStale();
      return made;
    });
    for (const leaf of before.values()) leaf.retire({ keepEntries: false });
  }

  pruneStale(): void {
    this.#pruning = true;
    for (const { dataplane } of this.#leaves) dataplane.pruneStale();
  }

  async close(options: { readonly keepEntries: boolean }): Promise<void> {
    await Promise.all(this.#leaves.map((leaf) => leaf.close(options)));
  }

  switches(): readonly SwitchStatus[] {
    return this.#leaves.map(({ dataplane }) => dataplane.status());
  }

  #make(own: SwitchConfig): SwitchLeaf {
    return new SwitchLeaf(this.#config, own, this.#source(own), this.#dependencies);
  }

  #source({ name, connection, tls }: SwitchConfig): StreamSource {
    const endpoint = parseEndpoint(connection)!;
    const files: TlsFiles | undefined = tls && {
      caFile: tls.ca,
      certificateFile: tls.certificate,
      keyFile: tls.privateKey,
    };
    if (!endpoint.passive) return activeSource(endpoint, files);
    // One port for all switches that dial it; the first of them says with which certificate.
    const key = printEndpoint(endpoint);
    let port = this.#ports.get(key);
    if (!port) {
      const { clock, log } = this.#dependencies;
      port = new PassivePort(endpoint, files, clock, log);
      this.#ports.set(key, port);
    }
    return passiveSource(port, name);
  }

  #watch(listener: EvpnListener): () => void {
    this.#listeners.set(
      listener,
      this.#leaves.map(({ evpn }) => evpn.watch(listener)),
    );
    return () => {
      for (const end of this.#listeners.get(listener) ?? []) end();
      this.#listeners.delete(listener);
    };
  }
}
