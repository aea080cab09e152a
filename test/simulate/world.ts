/** Where the hosts of the simulated fabric really are: the truth that the forwarding tables are held against. */
import { type IpBytes, ip } from '../../src/base/ip.ts';
import type { Mac } from '../../src/base/mac.ts';
import { FIRST_VNI } from './configuration.ts';
import type { FabricShape } from './schedule.ts';

const FIRST_MAC = 0x02_00_00_00_00_01;
/** Addresses that a host has at one time. */
const MOST_ADDRESSES = 2;

export interface Host {
  readonly vni: number;
  readonly mac: Mac;
  /** Index of the leaf that it is behind. */
  leaf: number | undefined;
  sticky: boolean;
  /** Indices of the addresses of its VNI that it has. */
  addresses: number[];
}

export class World {
  readonly hosts: readonly Host[];

  constructor(shape: FabricShape) {
    // The same MAC address in each VNI: they are different hosts.
    this.hosts = Array.from({ length: shape.hosts }, (_, index) => ({
      vni: FIRST_VNI + (index % shape.vnis),
      mac: FIRST_MAC + Math.floor(index / shape.vnis),
      leaf: undefined,
      sticky: false,
      addresses: [],
    }));
  }

  /** The host takes the address, from another one if need be, and gives up its oldest when it has too many. */
  takeAddress(host: Host, address: number): void {
    for (const other of this.hosts) {
      if (other.vni === host.vni) other.addresses = other.addresses.filter((each) => each !== address);
    }
    host.addresses = [...host.addresses, address].slice(-MOST_ADDRESSES);
  }
}

/** Even ones are IPv4, and there are no more than 254 of these; odd ones are IPv6. */
export function hostAddress(vni: number, address: number): IpBytes {
  const number = address + 1;
  if (address % 2 === 0) return ip(`10.100.${vni & 0xff}.${number}`);
  return ip(`2001:db8:${vni}::${(number >>> 16).toString(16)}:${(number & 0xffff).toString(16)}`);
}
