/** `show evpn mac vni N|all`: MAC tables. */
import type { MacView, VniView } from '../../control/index.ts';
import { type Command, showRows } from '../command.ts';
import { readAll } from '../read-all.ts';
import { macDetail, macTable } from '../render/entries.ts';

export const showEvpnMac: Command = showRows<MacView>({
  pattern: 'show evpn mac vni <VNI|all> [<mac MAC|vtep VTEP|duplicate>]',
  about: 'The MAC table of a VNI or of all; one MAC, those behind a VTEP, or duplicates',
  example: 'evpnctl show evpn mac vni 10',
  learns:
    "Where each host is: a port of ours, or a VTEP. Seq #'s are ours and theirs; they rise when it moves.",
  request: ({ VNI, MAC, VTEP, duplicate }) => ({
    path: '/v1/evpn/macs',
    query: { vni: VNI, mac: MAC, vtep: VTEP, duplicate },
  }),
  table: async ({ MAC, VTEP, duplicate }, client) => {
    if (MAC !== undefined) return macDetail();
    // The totals in the headings are of whole tables, so they would be wrong beside a part of one.
    const whole = VTEP === undefined && duplicate === undefined;
    return macTable(whole ? await readAll<VniView>(client, '/v1/evpn/vnis') : []);
  },
});
