/**
 * The operations that put a remote MAC into Ucast_Macs_Remote, move it to another VTEP, or take it out. Rows are addressed by UUID
 * together with the locator that we saw there, so that what another controller changed meanwhile is not found.
 *
 * vtep(5): Ucast_Macs_Remote.
 */
import { printIp } from '../../base/ip.ts';
import { macOfWords, printMac } from '../../base/mac.ts';
import { type EntryBatch, OP } from '../driver.ts';
import type { LogicalSwitch } from './inventory.ts';
import { MAC_ROW } from './mac-rows.ts';
import { keyAt, type Operations, uuidText } from './operations.ts';
import type { Picture } from './picture.ts';
import { TABLE } from './tables.ts';

/** Rows of the entry's MAC that evpnd has written. */
export function ourRows(
  picture: Picture,
  logicalSwitch: LogicalSwitch,
  batch: EntryBatch,
  i: number,
): number[] {
  const { slot } = picture.logicalSwitch(logicalSwitch.uuid);
  return picture.remote.ours(slot, batch.macHigh[i]!, batch.macLow[i]!);
}

export function buildMac(
  picture: Picture,
  batch: EntryBatch,
  i: number,
  logicalSwitch: LogicalSwitch,
  operations: Operations,
): void {
  const ours = ourRows(picture, logicalSwitch, batch, i);
  if (batch.op[i] === OP.REMOVE) {
    for (const row of ours) operations.add(i, deletion(picture, row));
    return;
  }
  const mac = macText(batch, i);
  const locator = operations.locator(batch.vtep[i]!, keyAt(logicalSwitch));
  if (ours.length === 0) {
    operations.add(i, insertion(mac, logicalSwitch, locator, ''));
    return;
  }
  const again = isLocal(picture, logicalSwitch, batch.macHigh[i]!, batch.macLow[i]!);
  const { remote } = picture;
  for (const row of ours) {
    if (again) {
      // The same row again would be no news to the switch, which has found the MAC at a port of its own.
      const ip = remote.ip(row);
      operations.add(i, deletion(picture, row), true);
      operations.add(i, insertion(mac, logicalSwitch, locator, ip ? printIp(ip) : ''));
    } else if (picture.locators.at(remote.locator[row]!).address !== batch.vtep[i]) {
      operations.add(i, update(picture, row, `"locator":${locator}`), true);
    }
  }
}

function isLocal(picture: Picture, { uuid }: LogicalSwitch, macHigh: number, macLow: number): boolean {
  const { local } = picture;
  const { slot } = picture.logicalSwitch(uuid);
  for (let row = local.first(slot, macHigh, macLow); row >= 0; row = local.next(row)) {
    if ((local.flags[row]! & MAC_ROW.OVERRIDDEN) === 0) return true;
  }
  return false;
}

/** The row, as long as it says what we saw. */
function whereSeen(picture: Picture, row: number): string {
  const { remote } = picture;
  const locator = picture.locators.at(remote.locator[row]!).uuid;
  return `"where":[["_uuid","==",${uuidText(remote.uuid(row))}],["locator","==",${uuidText(locator)}]]`;
}

export const deletion = (picture: Picture, row: number): string =>
  `{"op":"delete","table":"${TABLE.UCAST_REMOTE}",${whereSeen(picture, row)}}`;

export const update = (picture: Picture, row: number, columns: string): string =>
  `{"op":"update","table":"${TABLE.UCAST_REMOTE}",${whereSeen(picture, row)},"row":{${columns}}}`;

export function insertion(mac: string, { uuid }: LogicalSwitch, locator: string, ip: string): string {
  const row = `"MAC":"${mac}","logical_switch":${uuidText(uuid)},"locator":${locator},"ipaddr":"${ip}"`;
  return `{"op":"insert","table":"${TABLE.UCAST_REMOTE}","row":{${row}}}`;
}

export const macText = (batch: EntryBatch, i: number): string =>
  printMac(macOfWords(batch.macHigh[i]!, batch.macLow[i]!));
