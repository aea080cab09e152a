/**
 * From the RIB to the tables of this leaf: looks at each route whose best path has changed, decides whether it is
 * imported, and into which instance, and hands it to the MAC, neighbour and flood tables. Every route that is
 * not imported keeps the reason.
 *
 * RFC 7432 sections 7.2, 7.3, 9.2.2 and 10.2 (MAC/IP routes), 11.2 (inclusive multicast), 7.10 (route targets);
 * RFC 8365 section 5.1.3 (the VNI in the label field).
 */
import { EVPN_KEY, EVPN_ROUTE_TYPE, MAC_IP_PAYLOAD } from 'bgp-protocol';
import type { AddressId, AddressTable } from '../base/address-table.ts';
import { isGroupMac, macAt } from '../base/mac.ts';
import { type AttributesId, LOCAL, NONE, type PathId, type Rib, type RouteId } from '../rib/index.ts';
import type { FloodTable } from './flooding.ts';
import type { ImportDecisions } from './import-decisions.ts';
import type { ImportIndex } from './import-index.ts';
import type { Instance, InstanceTable } from './instance.ts';
import type { MacVrf } from './mac-vrf.ts';
import { REASON, type Reason } from './reasons.ts';
import { type RemoteRoutes, TAKEN_AS } from './remote-routes.ts';
import type { Vteps } from './vteps.ts';

export interface ImporterParts {
  readonly rib: Rib;
  readonly addresses: AddressTable;
  readonly routes: RemoteRoutes;
  readonly instances: InstanceTable;
  readonly index: ImportIndex;
  readonly decisions: ImportDecisions;
  readonly vteps: Vteps;
  readonly floods: FloodTable;
  readonly macVrf: MacVrf;
  /** Whether an address is a tunnel address of ours. */
  readonly isOwnVtep: (vtep: AddressId) => boolean;
  /** Whether a route that was originated here is of this leaf; absent: all are. Leaves that share a RIB import from each other. */
  readonly isOwnRoute?: ((key: Uint8Array, start: number) => boolean) | undefined;
}

export class Importer {
  readonly #parts: ImporterParts;
  readonly #rib: Rib;
  readonly #routes: RemoteRoutes;

  constructor(parts: ImporterParts) {
    this.#parts = parts;
    this.#rib = parts.rib;
    this.#routes = parts.routes;
  }

  /** Takes up, changes or drops what was made of `route`, from what the RIB has now. */
  readonly visit = (route: RouteId): void => {
    this.#routes.ensure(route);
    const path = this.#rib.best(route);
    if (path === NONE || this.#isOwn(route, path)) {
      this.#routes.targets[route] = 0;
      this.#drop(route, path === NONE ? REASON.NONE : REASON.OWN_ROUTE);
      return;
    }
    const attributes = this.#rib.attributesOf(path);
    this.#parts.decisions.prepare(attributes);
    this.#routes.targets[route] = this.#parts.decisions.targets(attributes);
    switch (this.#rib.keyBytes[this.#rib.keyStart(route)]) {
      case EVPN_ROUTE_TYPE.MAC_IP_ADVERTISEMENT:
        this.#importMac(route, path, attributes);
        break;
      case EVPN_ROUTE_TYPE.INCLUSIVE_MULTICAST_ETHERNET_TAG:
        this.#importFlood(route, attributes);
        break;
      default:
        this.#drop(route, REASON.ROUTE_TYPE);
    }
  };

  #isOwn(route: RouteId, path: PathId): boolean {
    if (this.#rib.sourceOf(path) !== LOCAL) return false;
    const { isOwnRoute } = this.#parts;
    return isOwnRoute === undefined || isOwnRoute(this.#rib.keyBytes, this.#rib.keyStart(route));
  }

  #importMac(route: RouteId, path: PathId, attributes: AttributesId): void {
    const { decisions, macVrf } = this.#parts;
    const { payloads } = this.#rib;
    const key = this.#rib.keyBytes;
    const start = this.#rib.keyStart(route);
    const payload = this.#rib.payloadOf(path);
    const payloadBytes = payloads.arena;
    const payloadStart = payloads.start(payload);
    const vni = u24(payloadBytes, payloadStart + MAC_IP_PAYLOAD.LABEL1);
    const vtep = decisions.vtep(attributes);
    const mac = macAt(key, start + EVPN_KEY.MAC_IP_MAC);
    const tag = start + EVPN_KEY.MAC_IP_ETHERNET_TAG;
    let reason = this.#judge(attributes, vni, vtep, key, tag);
    if (reason === REASON.IMPORTED && !isZero(payloadBytes, payloadStart, MAC_IP_PAYLOAD.LABEL1)) {
      reason = REASON.ETHERNET_SEGMENT;
    }
    if (reason === REASON.IMPORTED && (mac === 0 || isGroupMac(mac))) reason = REASON.MAC_ADDRESS;
    const instance = this.#parts.instances.find(vni);
    // A leaf with the same gateway MAC announces it, too (RFC 7432 section 10.1); here it stays the bridge's own.
    if (reason === REASON.IMPORTED && instance!.ownMacs.has(mac)) reason = REASON.OWN_MAC;
    if (reason !== REASON.IMPORTED) {
      this.#drop(route, reason);
      return;
    }
    const ipStart = start + EVPN_KEY.MAC_IP_IP;
    const ipEnd = ipStart + (key[start + EVPN_KEY.MAC_IP_IP_LENGTH] >> 3);
    const isUsable = ipEnd === ipStart || isHostAddress(key, ipStart, ipEnd);
    this.#routes.reason[route] = isUsable ? REASON.IMPORTED : REASON.IP_ADDRESS;
    macVrf.upsertRemote(
      route,
      instance!,
      mac,
      vtep,
      decisions.sequence(attributes),
      decisions.flags(attributes),
      key,
      ipStart,
      isUsable ? ipEnd : ipStart,
    );
  }

  #importFlood(route: RouteId, attributes: AttributesId): void {
    const { decisions, floods, vteps } = this.#parts;
    const tag = this.#rib.keyStart(route) + EVPN_KEY.INCLUSIVE_MULTICAST_ETHERNET_TAG;
    const vni = decisions.floodLabel(attributes);
    const vtep = decisions.floodVtep(attributes);
    let reason = decisions.floodReason(attributes);
    if (reason === REASON.IMPORTED || this.#parts.index.vnis(decisions.targets(attributes)).length === 0) {
      reason = this.#judge(attributes, vni, vtep, this.#rib.keyBytes, tag);
    }
    if (reason !== REASON.IMPORTED) {
      this.#drop(route, reason);
      return;
    }
    const instance = this.#parts.instances.find(vni)!;
    const routes = this.#routes;
    routes.reason[route] = REASON.IMPORTED;
    if (routes.takenAs[route] === TAKEN_AS.FLOOD) {
      const row = routes.row[route];
      if (floods.vni(row) === vni && floods.vtep(row) === vtep) {
        floods.refresh(row);
        return;
      }
      this.#drop(route, REASON.IMPORTED);
    }
    vteps.retain(vtep);
    routes.takenAs[route] = TAKEN_AS.FLOOD;
    routes.vtep[route] = vtep;
    routes.row[route] = floods.retain(instance, vtep);
  }

  /** What holds for both kinds of route; the VNI is that of the label. */
  #judge(attributes: AttributesId, vni: number, vtep: AddressId, key: Uint8Array, tagStart: number): Reason {
    const { decisions, index, instances } = this.#parts;
    const vnis = index.vnis(decisions.targets(attributes));
    if (vnis.length === 0) return REASON.NO_ROUTE_TARGET;
    const blockReason = decisions.reason(attributes);
    if (blockReason !== REASON.IMPORTED) return blockReason;
    // RFC 7432 section 6.1: the Ethernet tag is 0 in a VLAN-based service, which a VNI is (RFC 8365 section 5.1.2).
    if (!isZero(key, tagStart, 4)) return REASON.ETHERNET_TAG;
    if (!vnis.includes(vni)) return REASON.VNI_MISMATCH;
    const instance = instances.find(vni);
    if (instance === undefined || !instance.importing) return REASON.INSTANCE_DOWN;
    if (this.#parts.isOwnVtep(vtep)) return REASON.OWN_VTEP;
    return this.#sameFamily(instance, vtep) ? REASON.IMPORTED : REASON.VTEP_FAMILY;
  }

  /** A VXLAN device has a tunnel address of one family, and sends to that family only. */
  #sameFamily(instance: Instance, vtep: AddressId): boolean {
    const { addresses } = this.#parts;
    return addresses.bytes(instance.vtep).length === addresses.bytes(vtep).length;
  }

  #drop(route: RouteId, reason: Reason): void {
    const routes = this.#routes;
    routes.reason[route] = reason;
    if (routes.takenAs[route] === TAKEN_AS.MAC) this.#parts.macVrf.removeRemote(route);
    else if (routes.takenAs[route] === TAKEN_AS.FLOOD) {
      routes.takenAs[route] = TAKEN_AS.NOTHING;
      this.#parts.floods.release(routes.row[route]);
      this.#parts.vteps.release(routes.vtep[route]);
    }
  }
}

/**
 * Whether `bytes[start, end)` can be a host's address: not "this network", loopback, multicast, reserved or broadcast (RFC 6890
 * section 2.2.2), nor IPv6's unspecified, loopback and multicast addresses (RFC 4291 section 2.4).
 */
function isHostAddress(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start];
  if (end - start === 4) return first !== 0 && first !== 127 && first < 224;
  return first !== 0xff && !(isZero(bytes, start, 15) && bytes[end - 1] <= 1);
}

const u24 = (bytes: Uint8Array, at: number): number =>
  (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];

function isZero(bytes: Uint8Array, start: number, length: number): boolean {
  for (let i = start; i < start + length; i++) if (bytes[i] !== 0) return false;
  return true;
}
