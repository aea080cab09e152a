/** Every command, in the order in which help lists them. */
import type { Command } from '../command.ts';
import { clearBgp } from './clear-bgp.ts';
import { clearEvpnDupAddr } from './clear-evpn-dup-addr.ts';
import { explain } from './explain.ts';
import { reload } from './reload.ts';
import { showBgpEvpnRoute } from './show-bgp-evpn-route.ts';
import { showBgpEvpnVni, showBgpEvpnVnis } from './show-bgp-evpn-vni.ts';
import { showBgpAdvertisedRoutes, showBgpReceivedRoutes } from './show-bgp-neighbor-routes.ts';
import { showBgpNeighbor, showBgpNeighbors } from './show-bgp-neighbors.ts';
import { showBgpRtConstraint } from './show-bgp-rt-constraint.ts';
import { showBgpEvpnSummary, showBgpSummary } from './show-bgp-summary.ts';
import { showEvpn } from './show-evpn.ts';
import { showEvpnArpCache } from './show-evpn-arp-cache.ts';
import { showEvpnMac } from './show-evpn-mac.ts';
import { showEvpnVni, showEvpnVnis } from './show-evpn-vni.ts';
import { showEvpnVtep } from './show-evpn-vtep.ts';
import { showHardwareVtep, showHardwareVteps } from './show-hardware-vtep.ts';
import { showRunningConfig } from './show-running-config.ts';
import { showVersion } from './show-version.ts';
import { watch } from './watch.ts';

export const COMMANDS: readonly Command[] = [
  showBgpSummary,
  showBgpEvpnSummary,
  showBgpNeighbors,
  showBgpNeighbor,
  showBgpAdvertisedRoutes,
  showBgpReceivedRoutes,
  showBgpEvpnRoute,
  showBgpEvpnVnis,
  showBgpEvpnVni,
  showBgpRtConstraint,
  showEvpn,
  showEvpnVnis,
  showEvpnVni,
  showEvpnMac,
  showEvpnArpCache,
  showEvpnVtep,
  showHardwareVteps,
  showHardwareVtep,
  showRunningConfig,
  showVersion,
  explain,
  watch,
  clearBgp,
  clearEvpnDupAddr,
  reload,
];
