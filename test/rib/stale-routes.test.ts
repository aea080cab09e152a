/** Which paths a sweep takes, when sessions end and begin faster than it gets round: RFC 4724 section 4.2. */
import t from 'tap';
import type { Rib, SourceId } from '../../src/rib/index.ts';
import { blockOf, ibgp, macIp, newRib } from './kit.ts';

function announce(rib: Rib, source: SourceId, hosts: readonly number[]): void {
  const attributes = rib.attributes.intern(blockOf({ nextHop: '10.0.0.9' }));
  for (const host of hosts) {
    const { key, payload } = macIp(host);
    rib.upsert(source, key, 0, key.length, rib.payloads.intern(payload), attributes);
  }
}

t.test(
  'a session that ends while a sweep of the one before is under way keeps what it announced',
  async (t) => {
    const { rib, clock } = newRib();
    const source = rib.addSource(ibgp(9));
    announce(rib, source, [1, 2, 3, 4]);
    rib.keepStale(source);
    announce(rib, source, [1, 2]);
    rib.sweepStale(source);
    rib.keepStale(source);
    clock.advance(100);
    t.equal(rib.counts(source).received, 2);
    announce(rib, source, [1]);
    rib.sweepStale(source);
    clock.advance(100);
    t.equal(rib.counts(source).received, 1);
  },
);

t.test('a sweep is for everything that is stale, also when one for less was under way', async (t) => {
  const { rib, clock } = newRib();
  const source = rib.addSource(ibgp(9));
  announce(rib, source, [1, 2, 3, 4]);
  rib.sweepStale(source);
  rib.keepStale(source);
  announce(rib, source, [4]);
  rib.sweepStale(source);
  clock.advance(100);
  t.equal(rib.counts(source).received, 1);
});

t.test('what is stale goes also when the count of generations has gone round', async (t) => {
  const { rib, clock } = newRib();
  const source = rib.addSource(ibgp(9));
  for (let session = 0; session < 600; session++) {
    announce(rib, source, [session % 7]);
    rib.keepStale(source);
    announce(rib, source, [7]);
    rib.sweepStale(source);
    clock.advance(10);
    t.equal(rib.counts(source).received, 1);
  }
});
