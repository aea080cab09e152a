/**
 * Corrects a VXLAN port that is not set up as EVPN needs it, for instances whose specification asks for that: learning
 * off in the device and in the bridge, neighbour suppression on.
 */
import type { Logger } from '../../base/log.ts';
import {
  encodeBridgePortChange,
  encodeVxlanLearningChange,
  type MessageWriter,
  type NetlinkSocket,
} from '../../netlink/index.ts';
import type { InstanceSpec } from '../interfaces.ts';
import type { KernelInstance } from './inventory.ts';

export class Corrections {
  readonly #log: Logger;
  readonly #specs = new Map<number, InstanceSpec>();
  /** Faults for which a correction was tried, by VNI: not again until they change, so that a refusal is no loop. */
  readonly #tried = new Map<number, string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  ensure(spec: InstanceSpec): void {
    this.#specs.set(spec.vni, spec);
    this.#tried.delete(spec.vni);
  }

  remove(vni: number): void {
    this.#specs.delete(vni);
  }

  /** What was refused before may be tried once more. */
  tryAgain(): void {
    this.#tried.clear();
  }

  apply(instance: KernelInstance, socket: NetlinkSocket): void {
    const { vni, vxlanIndex, learnsInDevice, learnsInBridge, suppresses } = instance;
    const isSound = !learnsInDevice && !learnsInBridge && suppresses;
    if (isSound) this.#tried.delete(vni);
    if (isSound || !this.#specs.get(vni)?.correct) return;
    const fault = `${vxlanIndex} ${learnsInDevice} ${learnsInBridge} ${suppresses}`;
    if (this.#tried.get(vni) === fault) return;
    this.#tried.set(vni, fault);
    const name = instance.state.vxlanInterface;
    if (learnsInDevice) {
      this.#change(socket, `turn learning of ${name} off`, (writer) =>
        encodeVxlanLearningChange(writer, vxlanIndex, false),
      );
    }
    if (learnsInBridge || !suppresses) {
      this.#change(socket, `turn learning off and neighbour suppression on at ${name}`, (writer) =>
        encodeBridgePortChange(writer, vxlanIndex, { learning: false, neighbourSuppression: true }),
      );
    }
  }

  #change(socket: NetlinkSocket, action: string, encode: (writer: MessageWriter) => void): void {
    socket.request(action, encode).then(
      () => this.#log.info({}, `corrected: ${action}`),
      (error: Error) => this.#log.warn({ error }, error.message),
    );
  }
}
