/** What the walker makes of an UPDATE does not depend on the UPDATEs before it, though it remembers the last one's attributes. */
import fc from 'fast-check';
import t from 'tap';
import {
  type BgpFault,
  type CodecContext,
  DEFAULT_CONTEXT,
  FAMILY,
  type UpdateVisitor,
  type WalkPurpose,
  walkUpdate,
} from '../../src/bgp-protocol/index.ts';

/** Everything that a visitor is told, in order. */
class Recorder implements UpdateVisitor {
  readonly calls: string[] = [];
  attributes(block: Uint8Array, start: number, end: number): void {
    this.calls.push(`attributes ${block.slice(start, end)}`);
  }
  announce(family: number, bytes: Uint8Array, start: number, end: number, pathId: number): void {
    this.calls.push(`announce ${family} ${bytes.slice(start, end)} ${pathId}`);
  }
  withdraw(family: number, bytes: Uint8Array, start: number, end: number, pathId: number): void {
    this.calls.push(`withdraw ${family} ${bytes.slice(start, end)} ${pathId}`);
  }
  endOfRib(family: number): void {
    this.calls.push(`end ${family}`);
  }
  fault(fault: BgpFault): void {
    this.calls.push(`fault ${fault.message} ${fault.subcode} ${fault.action} ${fault.data} ${fault.offset}`);
  }
}

interface Message {
  readonly body: Uint8Array;
  readonly ctx: CodecContext;
  readonly purpose: WalkPurpose;
}

function seenBy(walk: (visitor: UpdateVisitor) => unknown): string {
  const recorder = new Recorder();
  const action = walk(recorder);
  return [...recorder.calls, action].join('\n');
}

const usual = ({ body, ctx, purpose }: Message): string =>
  seenBy((visitor) => walkUpdate(body, 0, body.length, ctx, visitor, purpose));

/** A walk from within a visitor is made by a walker that has seen nothing before. */
function alone({ body, ctx, purpose }: Message): string {
  let seen = '';
  const outer = new Recorder();
  outer.withdraw = () => {
    seen = seenBy((visitor) => walkUpdate(body, 0, body.length, ctx, visitor, purpose));
  };
  walkUpdate(ONE_WITHDRAWAL, 0, ONE_WITHDRAWAL.length, DEFAULT_CONTEXT, outer);
  return seen;
}

/** 192.0.2.0/24, of the withdrawn routes field. */
const ONE_WITHDRAWAL = Uint8Array.of(0, 4, 24, 192, 0, 2, 0, 0);

const CONTEXTS: readonly CodecContext[] = [
  DEFAULT_CONTEXT,
  { ...DEFAULT_CONTEXT },
  { ...DEFAULT_CONTEXT, ibgp: false },
  { ...DEFAULT_CONTEXT, fourOctetAs: false },
  { ...DEFAULT_CONTEXT, families: new Set([FAMILY.IPV4_UNICAST]) },
  { ...DEFAULT_CONTEXT, addPathReceive: new Set([FAMILY.L2VPN_EVPN]) },
];

/** Flags, type and value of an attribute; `wide` for two octets of length. */
function attribute(flags: number, code: number, value: readonly number[], wide: boolean): number[] {
  return wide
    ? [flags | 0x10, code, value.length >> 8, value.length & 255, ...value]
    : [flags, code, value.length, ...value];
}

/** An inclusive multicast route of 10.0.0.n; or one whose address is half as long, which is malformed. */
const imet = (n: number): number[] => [3, 17, 0, 1, 10, 0, 0, 1, 0, 9, 0, 0, 0, 0, 32, 10, 0, 0, n];
const malformed = [3, 15, 0, 1, 10, 0, 0, 1, 0, 9, 0, 0, 0, 0, 16, 10, 0];
const withPathId = (nlri: number[]): number[] => [0, 0, 0, 7, ...nlri];

const nlri = fc
  .tuple(fc.array(fc.constantFrom(imet(1), imet(2), malformed), { minLength: 0, maxLength: 3 }), fc.boolean())
  .map(([routes, pathIds]) => routes.flatMap((route) => (pathIds ? withPathId(route) : route)));

const body = fc
  .record({
    nlri,
    /** Most messages have the same attributes. */
    wide: fc.constantFrom(true, true, true, false),
    nextHop: fc.constantFrom(1, 1, 1, 2),
    reachLast: fc.constantFrom(false, false, false, true),
    extra: fc.constantFrom(
      [],
      [],
      [],
      attribute(0x40, 5, [0, 0, 0, 100], false),
      attribute(0x80, 15, [0, 25, 70, ...imet(3)], false),
      attribute(0xc0, 99, [1], false),
      attribute(0x40, 1, [0], false),
    ),
    withdrawn: fc.constantFrom([], [], [], [24, 192, 0, 2]),
    trailing: fc.constantFrom([], [], [], [24, 198, 51, 100]),
    /** An octet that is another, for the rest of what can be wrong. */
    spoilt: fc.option(fc.tuple(fc.nat(120), fc.nat(255)), { freq: 6 }),
  })
  .map(({ nlri, wide, nextHop, reachLast, extra, withdrawn, trailing, spoilt }) => {
    const reach = attribute(0x80, 14, [0, 25, 70, 4, 10, 0, 0, nextHop, 0, ...nlri], wide);
    const others = [...attribute(0x40, 1, [0], false), ...attribute(0x40, 2, [], false), ...extra];
    const attributes = reachLast ? [...others, ...reach] : [...reach, ...others];
    const whole = [0, withdrawn.length, ...withdrawn, 0, attributes.length, ...attributes, ...trailing];
    if (spoilt && spoilt[0] < whole.length) whole[spoilt[0]] = spoilt[1];
    return Uint8Array.from(whole);
  });

const message: fc.Arbitrary<Message> = fc.record({
  body,
  ctx: fc.oneof({ weight: 6, arbitrary: fc.constant(DEFAULT_CONTEXT) }, fc.constantFrom(...CONTEXTS)),
  purpose: fc.constantFrom<WalkPurpose>('speak', 'speak', 'speak', 'observe'),
});

const otherThan = (purpose: WalkPurpose): WalkPurpose => (purpose === 'speak' ? 'observe' : 'speak');

t.test('any sequence of UPDATEs is walked as each of them alone', (t) => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 2, maxLength: 12 }), (messages) => {
      // All of them first: walking from within a visitor is a walk in between.
      const all = messages.flatMap((each) => [each, each, { ...each, purpose: otherThan(each.purpose) }]);
      const wanted = all.map(alone);
      return all.every((each, i) => usual(each) === wanted[i]);
    }),
    { numRuns: 2000 },
  );
  t.end();
});
