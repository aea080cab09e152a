/**
 * The operations that keep the one row of Mcast_Macs_Remote in which evpnd says to which VTEPs a logical switch copies frames of
 * unknown destination.
 *
 * vtep(5): Mcast_Macs_Remote, Physical_Locator_Set.
 */
import type { AddressId } from '../../base/address-table.ts';
import { type EntryBatch, OP } from '../driver.ts';
import type { LogicalSwitch } from './inventory.ts';
import { keyAt, type Operations, SHARED, uuidText } from './operations.ts';
import type { Picture } from './picture.ts';
import { TABLE, UNKNOWN_DST } from './tables.ts';

/** All entries are of one VNI. The set of a row cannot be changed, so the row gets another one. */
export function buildFlood(
  picture: Picture,
  batch: EntryBatch,
  entries: readonly number[],
  logicalSwitch: LogicalSwitch,
  operations: Operations,
): void {
  const row = picture.floodRows(logicalSwitch.uuid).find(({ ours }) => ours);
  const before = new Set<AddressId>(row?.vteps ?? []);
  const after = new Set(before);
  for (const i of entries) {
    if (batch.op[i] === OP.REMOVE) after.delete(batch.vtep[i]!);
    else after.add(batch.vtep[i]!);
  }
  if (after.size === before.size && [...after].every((vtep) => before.has(vtep))) return;
  const table = `"table":"${TABLE.MCAST_REMOTE}"`;
  const where = row
    ? `"where":[["_uuid","==",${uuidText(row.uuid)}],["locator_set","==",${uuidText(row.locatorSet)}]]`
    : '';
  const entry = entries[0]!;
  if (after.size === 0) {
    operations.add(entry, `{"op":"delete",${table},${where}}`, true);
    return;
  }
  const key = keyAt(logicalSwitch);
  const locators = [...after].map((vtep) => operations.locator(vtep, key)).join(',');
  const set = `"row":{"locators":["set",[${locators}]]},"uuid-name":"s"`;
  operations.add(SHARED, `{"op":"insert","table":"${TABLE.LOCATOR_SET}",${set}}`);
  const reference = '["named-uuid","s"]';
  if (row)
    operations.add(entry, `{"op":"update",${table},${where},"row":{"locator_set":${reference}}}`, true);
  else {
    const content = `"MAC":"${UNKNOWN_DST}","logical_switch":${uuidText(logicalSwitch.uuid)},"locator_set":${reference}`;
    operations.add(entry, `{"op":"insert",${table},"row":{${content},"ipaddr":""}}`);
  }
}
