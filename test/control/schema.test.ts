/** The published schema of the API: current, and true of every reply. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { z } from 'zod';
import type { Rows } from '../../src/control/index.ts';
import { apiSchema, SCHEMA_FILE } from './api-schema.ts';
import { exampleBackend } from './example-backend.ts';

t.test('docs/evpnctl.schema.json is what the types say (make schema)', async (t) => {
  t.same(JSON.parse(readFileSync(SCHEMA_FILE, 'utf8')), apiSchema());
});

t.test('every kind of reply fits its definition', async (t) => {
  const schema = JSON.parse(readFileSync(SCHEMA_FILE, 'utf8'));
  const backend = exampleBackend();
  const replies: Record<string, readonly unknown[]> = {
    VersionView: [backend.version()],
    RunningConfigView: [backend.runningConfig()],
    BgpSummaryView: [backend.bgpSummary()],
    NeighborView: await all(backend.neighbors()),
    RouteView: await all(backend.routes({ detail: true })),
    BgpVniView: await all(backend.bgpVnis()),
    EvpnView: [backend.evpn()],
    VniView: await all(backend.vnis()),
    MacView: await all(backend.macs({})),
    ArpView: await all(backend.arpCache({})),
    VtepView: await all(backend.vteps()),
    RtConstraintView: await all(backend.rtConstraint()),
    HardwareVtepView: await all(backend.hardwareVteps()),
    ClearReply: [await backend.clear({ neighbor: '*' })],
    ClearDuplicatesReply: [backend.clearDuplicates({})],
    ReloadReply: [await backend.reload()],
  };
  for (const [name, values] of Object.entries(replies)) {
    const fits = z.fromJSONSchema({ ...schema, $ref: `#/$defs/${name}` });
    t.ok(values.length > 0, name);
    for (const value of values) {
      // As it is on the wire: keys without a value are left out.
      const sent = JSON.parse(JSON.stringify(value));
      t.same(fits.safeParse(sent).error?.issues, undefined, name);
      const [key] = Object.keys(sent);
      t.notOk(
        fits.safeParse({ ...sent, [key!]: { not: 'this' } }).success,
        `${name}: another kind of ${key} does not fit`,
      );
    }
  }
});

async function all<T>(rows: Rows<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const row of rows) if (row !== undefined) items.push(row);
  return items;
}
