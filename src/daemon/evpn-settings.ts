/** From the configuration file to what the EVPN part wants to know. */
import type { Config } from '../config/index.ts';
import { EVPN_DEFAULTS, type EvpnConfig } from '../evpn/index.ts';

export function evpnSettings({ router, evpn, dataplane }: Config): EvpnConfig {
  return {
    ...EVPN_DEFAULTS,
    routerId: router.routerId,
    localAs: router.asn,
    vtep: evpn.vtep,
    advertiseAllVni: evpn.advertiseAllVni,
    vnis: evpn.vnis,
    maximumMacs: evpn.maximumMacs,
    correct: dataplane.correct,
    duplicateDetection: evpn.duplicateDetection,
  };
}
