/**
 * UPDATE: the walker, the attribute block and the writer together. RFC 4271, RFC 4760, RFC 6793, RFC 7606, RFC 7911.
 */
import {
  ATTRIBUTE,
  type Attribute,
  blockAttribute,
  blockFamily,
  blockIsMultiprotocol,
  blockNextHop,
  type CodecContext,
  DEFAULT_CONTEXT,
  decodeAttributeBlock,
  decodeMessage,
  decodeUpdate,
  editAttributeBlock,
  encodeAttributeBlock,
  encodeEvpnRoute,
  encodeMessage,
  encodeRoute,
  FAMILY,
  Framer,
  hexText,
  ipText,
  MESSAGE_TYPE,
  parseHex,
  type UpdateMessage,
  type UpdateVisitor,
  UpdateWriter,
  Writer,
  walkUpdate,
} from 'bgp-protocol';
import t from 'tap';

const EVPN = FAMILY.L2VPN_EVPN;
const RT: Attribute = {
  type: 'EXTENDED_COMMUNITIES',
  communities: [{ type: 'route-target', kind: 'two-octet-as', administrator: 65000, assigned: 10 }],
};
const ATTRIBUTES: readonly Attribute[] = [
  RT,
  { type: 'LOCAL_PREF', value: 100 },
  { type: 'AS_PATH', segments: [] },
  { type: 'ORIGIN', value: 'igp' },
  { type: 'MP_REACH_NLRI', family: EVPN, nextHop: '10.0.0.1', nlri: new Uint8Array(0) },
];
const OLD: CodecContext = { ...DEFAULT_CONTEXT, fourOctetAs: false };

function octetsOf(text: string): Uint8Array {
  const octets = parseHex(text.replace(/\s+/g, ''));
  if (octets === undefined) throw new Error(`Cannot test: ${text} is no hexadecimal`);
  return octets;
}

function imet(n: number): Uint8Array {
  return encodeEvpnRoute({
    routeType: 3,
    rd: '10.0.0.1:2',
    ethernetTag: n,
    originatorIp: '10.0.0.1',
  });
}

/** Everything a visitor is told, in order, as text. */
class Witness implements UpdateVisitor {
  readonly seen: string[] = [];
  readonly blocks: Uint8Array[] = [];
  attributes(block: Uint8Array, start: number, end: number): void {
    this.blocks.push(block.slice(start, end));
    this.seen.push('attributes');
  }
  announce(family: number, bytes: Uint8Array, start: number, end: number, pathId: number): void {
    this.seen.push(`announce ${family} ${hexText(bytes, start, end)} ${pathId}`);
  }
  withdraw(family: number, bytes: Uint8Array, start: number, end: number, pathId: number): void {
    this.seen.push(`withdraw ${family} ${hexText(bytes, start, end)} ${pathId}`);
  }
  endOfRib(family: number): void {
    this.seen.push(`endOfRib ${family}`);
  }
  fault(fault: Error): void {
    this.seen.push(`fault ${fault.message}`);
  }
}

function walk(body: Uint8Array, ctx: CodecContext = DEFAULT_CONTEXT): Witness {
  const witness = new Witness();
  walkUpdate(body, 0, body.length, ctx, witness);
  return witness;
}

/** Bodies of the messages in `octets`. */
function bodiesOf(octets: Uint8Array, maxLength = 65535): Uint8Array[] {
  const bodies: Uint8Array[] = [];
  const framer = new Framer(
    (type, bytes, start, end) => {
      if (type !== MESSAGE_TYPE.UPDATE) throw new Error(`Cannot test: type is ${type}`);
      bodies.push(bytes.slice(start, end));
    },
    { maxLength },
  );
  framer.push(octets);
  return bodies;
}

const REACH = '900e 001c 0019 46 04 0a000001 00 0311 00010a000001000200000000200a000001';
const UPDATE = (attributes: string, withdrawn = '', nlri = '') => {
  const list = octetsOf(attributes);
  const gone = octetsOf(withdrawn);
  const length = (n: number) => n.toString(16).padStart(4, '0');
  return octetsOf(`${length(gone.length)}${hexText(gone)}${length(list.length)}${hexText(list)}${nlri}`);
};

t.test('the block of equal attributes is the same, however they were sent', (t) => {
  const wanted = encodeAttributeBlock(ATTRIBUTES);
  const forms = {
    canonical: `${REACH} 40010100 400200 40050400000064 c010080002fde80000000a`,
    'FRR: extended length where it is not needed': `${REACH} 50010001 00 50020000 40050400000064 c010080002fde80000000a`,
    'GoBGP: numeric order, short MP_REACH_NLRI': `40010100 400200 40050400000064 800e${REACH.slice(7)} c010080002fde80000000a`,
    'any order, unused flag bits, reserved octet of MP_REACH_NLRI set': `cf10080002fde80000000a 420500 40050400000064 4f0200 41010100 900e 001c 0019 46 04 0a000001 07 0311 00010a000001000200000000200a000001`,
  };
  for (const [name, attributes] of Object.entries(forms)) {
    const body = UPDATE(attributes.replace('420500 ', ''));
    const { seen, blocks } = walk(body);
    t.match(seen[0], 'attributes', name);
    t.equal(hexText(blocks[0]), hexText(wanted), name);
    t.equal(seen.length, 2, name);
  }
  t.same(
    decodeAttributeBlock(wanted).map(({ type }) => type),
    ['MP_REACH_NLRI', 'ORIGIN', 'AS_PATH', 'LOCAL_PREF', 'EXTENDED_COMMUNITIES'],
  );
  t.equal(hexText(encodeAttributeBlock(decodeAttributeBlock(wanted))), hexText(wanted));
  t.end();
});

t.test('what a block says of its next hop and family', (t) => {
  const block = (attribute: Attribute) => encodeAttributeBlock([{ type: 'ORIGIN', value: 'igp' }, attribute]);
  const reach = (family: number, nextHop: string, linkLocalNextHop?: string) =>
    block({
      type: 'MP_REACH_NLRI',
      family,
      nextHop,
      ...(linkLocalNextHop === undefined ? {} : { linkLocalNextHop }),
      nlri: new Uint8Array(0),
    });
  const nextHopOf = (octets: Uint8Array) => ipText(blockNextHop(octets));
  t.equal(nextHopOf(reach(EVPN, '10.0.0.1')), '10.0.0.1');
  t.equal(nextHopOf(reach(EVPN, 'fd00::1')), 'fd00::1');
  t.equal(nextHopOf(reach(FAMILY.IPV6_UNICAST, 'fd00::1', 'fe80::1')), 'fd00::1');
  t.equal(nextHopOf(reach(FAMILY.VPNV4, '10.0.0.1')), '10.0.0.1');
  t.equal(nextHopOf(reach(FAMILY.VPNV6, 'fd00::1', 'fe80::1')), 'fd00::1');
  t.equal(blockFamily(reach(FAMILY.VPNV6, 'fd00::1')), FAMILY.VPNV6);
  const legacy = block({ type: 'NEXT_HOP', address: '10.0.0.1' });
  t.equal(nextHopOf(legacy), '10.0.0.1');
  t.equal(blockFamily(legacy), FAMILY.IPV4_UNICAST);
  t.notOk(blockIsMultiprotocol(legacy));
  t.equal(blockNextHop(encodeAttributeBlock([{ type: 'ORIGIN', value: 'igp' }])).length, 0);
  const shifted = Uint8Array.of(9, 9, ...legacy);
  t.same(blockAttribute(shifted, ATTRIBUTE.ORIGIN, 2), { start: 5, end: 6 });
  t.equal(blockAttribute(shifted, ATTRIBUTE.AS_PATH, 2), undefined);
  t.end();
});

t.test(
  'an edited block is canonical: lists that became empty go, NEXT_HOP goes beside MP_REACH_NLRI',
  (t) => {
    const block = encodeAttributeBlock(ATTRIBUTES);
    const edited = editAttributeBlock(block, (attributes) => [
      { type: 'NEXT_HOP', address: '10.9.9.9' },
      ...attributes.map((each) =>
        each.type === 'EXTENDED_COMMUNITIES' ? { ...each, communities: [] } : each,
      ),
      { type: 'CLUSTER_LIST', clusterIds: [] },
      { type: 'MP_UNREACH_NLRI', family: EVPN, nlri: new Uint8Array(0) },
    ]);
    t.same(
      decodeAttributeBlock(edited).map(({ type }) => type),
      ['MP_REACH_NLRI', 'ORIGIN', 'AS_PATH', 'LOCAL_PREF'],
    );
    t.end();
  },
);

t.test(
  'unknown attributes: transitive ones travel with the Partial bit, others stay behind, RFC 4271 section 5',
  (t) => {
    const body = UPDATE(`${REACH} 40010100 400200 c06301aa 806401bb`);
    const [block] = walk(body).blocks;
    t.same(
      decodeAttributeBlock(block).filter(({ type }) => type === 'unknown'),
      [{ type: 'unknown', code: 99, flags: 0xe0, value: Uint8Array.of(0xaa) }],
    );
    const shown = decodeUpdate(body).attributes.filter(({ type }) => type === 'unknown');
    t.same(
      shown,
      [
        { type: 'unknown', code: 99, flags: 0xc0, value: Uint8Array.of(0xaa) },
        { type: 'unknown', code: 100, flags: 0x80, value: Uint8Array.of(0xbb) },
      ],
      'an observer sees both, as they came',
    );
    t.end();
  },
);

t.test('the Partial bit of a known optional transitive attribute is kept, of others it is cleared', (t) => {
  const [block] = walk(UPDATE(`${REACH} 60010100 400200 e0080400000001`)).blocks;
  t.same(decodeAttributeBlock(block).slice(1), [
    { type: 'ORIGIN', value: 'igp' },
    { type: 'AS_PATH', segments: [] },
    { type: 'COMMUNITIES', communities: [1], partial: true },
  ]);
  t.end();
});

t.test('withdrawals come before announcements; routes of the NLRI field have a block of their own', (t) => {
  const body = UPDATE(
    `900f 0016 0019 46 0311 00010a000001000200000001200a000001 40010100 400200 400304 0a000009 ${REACH}`,
    '18c00002',
    '18c63364',
  );
  const { seen, blocks } = walk(body);
  t.same(seen, [
    'withdraw 257 18c00002 0',
    `withdraw ${EVPN} 031100010a000001000200000001200a000001 0`,
    'attributes',
    `announce ${EVPN} 031100010a000001000200000000200a000001 0`,
    'attributes',
    'announce 257 18c63364 0',
  ]);
  t.same(
    decodeAttributeBlock(blocks[0]).map(({ type }) => type),
    ['MP_REACH_NLRI', 'ORIGIN', 'AS_PATH'],
  );
  t.same(
    decodeAttributeBlock(blocks[1]).map(({ type }) => type),
    ['ORIGIN', 'AS_PATH', 'NEXT_HOP'],
  );
  t.end();
});

t.test('families that were not negotiated are passed over', (t) => {
  const ctx = { ...DEFAULT_CONTEXT, families: new Set<number>([FAMILY.IPV6_UNICAST]) };
  t.same(walk(UPDATE(`${REACH} 40010100 400200 400304 0a000009`, '18c00002', '18c63364'), ctx).seen, []);
  t.same(walk(UPDATE('800f03001946'), ctx).seen, []);
  t.same(walk(UPDATE(''), ctx).seen, []);
  const evpn = { ...DEFAULT_CONTEXT, families: new Set<number>([EVPN]) };
  t.equal(
    walk(UPDATE(`${REACH} 40010100 400200 400304 0a000009`, '18c00002', '18c63364'), evpn).seen.length,
    2,
  );
  t.end();
});

t.test(
  'End-of-RIB is an UPDATE with nothing, or with an empty MP_UNREACH_NLRI and nothing else: RFC 4724 section 2',
  (t) => {
    t.same(walk(UPDATE('')).seen, ['endOfRib 257']);
    t.same(walk(UPDATE('800f03001946')).seen, [`endOfRib ${EVPN}`]);
    t.same(walk(UPDATE('900f0003001946')).seen, [`endOfRib ${EVPN}`]);
    t.same(walk(UPDATE('800f03001946 40010100')).seen, [], 'not with another attribute');
    t.same(walk(UPDATE('800f03001946 80630100')).seen, [], 'not with one that is ignored either');
    t.same(
      walk(UPDATE('800f03001946', '18c00002')).seen,
      ['withdraw 257 18c00002 0'],
      'not with withdrawn routes',
    );
    for (const family of [EVPN, FAMILY.IPV4_UNICAST, FAMILY.IPV6_UNICAST]) {
      const out = new Writer();
      new UpdateWriter(4096, out, DEFAULT_CONTEXT).endOfRib(family);
      const [body] = bodiesOf(out.finish());
      t.same(walk(body).seen, [`endOfRib ${family}`]);
    }
    t.end();
  },
);

t.test('a visitor may walk another UPDATE from within', (t) => {
  const inner = UPDATE(`${REACH} 40010102 400200`);
  const outer = UPDATE(`${REACH} 40010100 400200`);
  const witness = new Witness();
  const nested = new Witness();
  const original = witness.attributes.bind(witness);
  witness.attributes = (block, start, end) => {
    walkUpdate(inner, 0, inner.length, DEFAULT_CONTEXT, nested);
    original(block, start, end);
  };
  walkUpdate(outer, 0, outer.length, DEFAULT_CONTEXT, witness);
  t.same(decodeAttributeBlock(nested.blocks[0])[1], { type: 'ORIGIN', value: 'incomplete' });
  t.same(decodeAttributeBlock(witness.blocks[0])[1], { type: 'ORIGIN', value: 'igp' });
  t.equal(witness.seen.length, 2);
  t.end();
});

t.test('the walker is whole again after a visitor threw', (t) => {
  const body = UPDATE(`${REACH} 40010100 400200`);
  const witness = new Witness();
  witness.announce = () => {
    throw new Error('visitor');
  };
  t.throws(() => walkUpdate(body, 0, body.length, DEFAULT_CONTEXT, witness), { message: 'visitor' });
  t.equal(walk(body).seen.length, 2);
  t.end();
});

t.test('path identifiers, both ways: RFC 7911 section 3', (t) => {
  const ctx: CodecContext = {
    ...DEFAULT_CONTEXT,
    addPathReceive: new Set([EVPN, FAMILY.IPV4_UNICAST]),
    addPathSend: new Set([EVPN, FAMILY.IPV4_UNICAST]),
  };
  const out = new Writer();
  const writer = new UpdateWriter(4096, out, ctx);
  writer.begin(encodeAttributeBlock(ATTRIBUTES));
  writer.announce(imet(0), 0, 19, 7);
  writer.announce(imet(0), 0, 19, 0xffffffff);
  writer.beginWithdraw(EVPN);
  writer.withdraw(imet(1), 0, 19, 9);
  writer.beginWithdraw(FAMILY.IPV4_UNICAST);
  writer.withdraw(octetsOf('18c63364'), 0, 4, 3);
  writer.end();
  const seen = bodiesOf(out.finish()).flatMap((body) => walk(body, ctx).seen);
  t.same(seen, [
    'attributes',
    `announce ${EVPN} ${hexText(imet(0))} 7`,
    `announce ${EVPN} ${hexText(imet(0))} 4294967295`,
    `withdraw ${EVPN} ${hexText(imet(1))} 9`,
    'withdraw 257 18c63364 3',
  ]);
  const update = decodeUpdate(bodiesOf(out.finish())[0], 0, undefined, ctx);
  t.same(
    update.announced[0].routes.map(({ pathId }) => pathId),
    [7, 4294967295],
  );
  t.equal(
    hexText(encodeMessage(update, ctx)),
    hexText(out.finish().subarray(0, encodeMessage(update, ctx).length)),
  );
  const cut = octetsOf(`0000 0011 ${'900f 000d 0019 46'} 00000007 0304 01020304`);
  cut[3] = 17;
  t.match(walk(cut, ctx).seen, [/^fault/], 'less than a path identifier and an NLRI');
  t.end();
});

t.test('NLRI pack into as few messages as hold them, each within the length, in order', (t) => {
  for (const maxLength of [120, 4096, 65535]) {
    const out = new Writer();
    const writer = new UpdateWriter(maxLength, out, DEFAULT_CONTEXT);
    const block = encodeAttributeBlock(ATTRIBUTES);
    const count = 1000;
    writer.begin(block);
    for (let n = 0; n < count; n++) t.ok(writer.announce(imet(n), 0, 19) || n < 0);
    writer.beginWithdraw(EVPN);
    for (let n = 0; n < count; n++) writer.withdraw(imet(n), 0, 19);
    writer.end();
    const bodies = bodiesOf(out.finish(), maxLength);
    const perReach = Math.floor((maxLength - 23 - block.length) / 19);
    const perUnreach = Math.floor((maxLength - 23 - 7) / 19);
    t.equal(
      bodies.length,
      Math.ceil(count / perReach) + Math.ceil(count / perUnreach),
      `${maxLength} octets`,
    );
    t.equal(writer.messages, bodies.length);
    const seen = bodies.flatMap((body) => walk(body).seen).filter((each) => each !== 'attributes');
    const wanted = (what: string) =>
      Array.from({ length: count }, (_, n) => `${what} ${EVPN} ${hexText(imet(n))} 0`);
    t.same(seen, [...wanted('announce'), ...wanted('withdraw')]);
    for (const body of bodies) {
      const { blocks } = walk(body);
      for (const each of blocks) t.equal(hexText(each), hexText(block));
    }
  }
  t.end();
});

t.test('a route that does not fit beside its attributes is refused, and leaves nothing behind', (t) => {
  const out = new Writer();
  const writer = new UpdateWriter(4096, out, DEFAULT_CONTEXT);
  const long: Attribute = { type: 'unknown', code: 99, flags: 0xc0, value: new Uint8Array(4060) };
  writer.begin(encodeAttributeBlock([...ATTRIBUTES, long]));
  t.notOk(writer.announce(imet(0), 0, 19));
  t.equal(writer.reserve(19), -1);
  t.equal(out.length, 0);
  writer.begin(encodeAttributeBlock(ATTRIBUTES));
  t.ok(writer.announce(imet(0), 0, 19));
  writer.end();
  t.equal(bodiesOf(out.finish()).length, 1);
  t.throws(
    () => encodeMessage({ ...(decodeMessage(out.finish()) as UpdateMessage), attributes: [long] }),
    RangeError,
  );
  t.throws(() => new UpdateWriter(4096, out, DEFAULT_CONTEXT).announce(imet(0), 0, 19), /neither begin/);
  t.end();
});

t.test(
  'IPv4 unicast goes into the fields of RFC 4271, with an IPv6 next hop into MP_REACH_NLRI (RFC 8950)',
  (t) => {
    const route = { prefix: '198.51.100.0/24' };
    const attributes: readonly Attribute[] = [
      { type: 'ORIGIN', value: 'egp' },
      { type: 'AS_PATH', segments: [{ kind: 'sequence', autonomousSystems: [65001] }] },
    ];
    for (const nextHop of ['10.0.0.1', 'fd00::1']) {
      const update: UpdateMessage = {
        type: 'UPDATE',
        attributes,
        announced: [{ family: FAMILY.IPV4_UNICAST, nextHop, routes: [route] }],
        withdrawn: [],
        faults: [],
      };
      t.same(decodeMessage(encodeMessage(update)), update, nextHop);
    }
    const nlri = encodeRoute(FAMILY.IPV4_UNICAST, route);
    t.equal(hexText(nlri), '18c63364');
    t.end();
  },
);

t.test('2-octet speakers: AS4_PATH is merged on receipt, RFC 6793 section 4.2.3', (t) => {
  const sequence = (...autonomousSystems: number[]) => ({ kind: 'sequence', autonomousSystems });
  const cases: readonly (readonly [string, string, unknown[]])[] = [
    ['no AS4_PATH', '400206 0202 fde9 5ba0', [sequence(65001, 23456)]],
    ['same length', '400206 0202 5ba0 5ba0 c0110a 0202 00010001 00010002', [sequence(65537, 65538)]],
    [
      'longer AS_PATH',
      '400208 0203 fde9 5ba0 5ba0 c0110a 0202 00010001 00010002',
      [sequence(65001, 65537, 65538)],
    ],
    ['longer AS4_PATH is ignored', '400204 0201 fde9 c0110a 0202 00010001 00010002', [sequence(65001)]],
    [
      'a set counts one',
      '40020a 0102 fde9 fdea 0201 5ba0 c01106 0201 00010001',
      [{ kind: 'set', autonomousSystems: [65001, 65002] }, sequence(65537)],
    ],
    [
      'leading confederation segments stay',
      '400208 0301 fc00 0201 5ba0 c01106 0201 00010001',
      [{ kind: 'confederation-sequence', autonomousSystems: [64512] }, sequence(65537)],
    ],
    [
      'confederation segments in AS4_PATH are passed over',
      '400204 0201 5ba0 c0110c 0301 00010009 0201 00010001',
      [sequence(65537)],
    ],
    [
      'AGGREGATOR with its own number: both AS4 attributes are ignored',
      '400204 0201 5ba0 c00706 fde9 0a000001 c01106 0201 00010001 c01208 00010001 0a000002',
      [sequence(23456)],
    ],
  ];
  for (const [name, attributes, segments] of cases) {
    const { blocks, seen } = walk(UPDATE(`${REACH} 40010100 ${attributes}`), OLD);
    t.equal(seen[0], 'attributes', name);
    const decoded = decodeAttributeBlock(blocks[0]);
    t.same(
      decoded.find(({ type }) => type === 'AS_PATH'),
      { type: 'AS_PATH', segments },
      name,
    );
    t.notOk(
      decoded.some(({ type }) => type === 'AS4_PATH' || type === 'AS4_AGGREGATOR'),
      name,
    );
  }
  const merged = walk(
    UPDATE(
      `${REACH} 40010100 400204 0201 5ba0 c00706 5ba0 0a000001 c01106 0201 00010001 c01208 00010001 0a000002`,
    ),
    OLD,
  );
  t.same(decodeAttributeBlock(merged.blocks[0]).slice(2), [
    { type: 'AS_PATH', segments: [sequence(65537)] },
    { type: 'AGGREGATOR', autonomousSystem: 65537, routerId: '10.0.0.2' },
  ]);
  t.end();
});

t.test(
  '2-octet speakers: AS_TRANS and AS4_PATH are sent only where a number needs them, RFC 6793 section 4.2.2',
  (t) => {
    const send = (attributes: readonly Attribute[]) => {
      const out = new Writer();
      const writer = new UpdateWriter(4096, out, OLD);
      writer.begin(
        encodeAttributeBlock([...ATTRIBUTES.filter(({ type }) => type !== 'AS_PATH'), ...attributes]),
      );
      writer.announce(imet(0), 0, 19);
      writer.end();
      const [body] = bodiesOf(out.finish());
      return { text: hexText(body), block: walk(body, OLD).blocks[0] };
    };
    const small: Attribute = {
      type: 'AS_PATH',
      segments: [{ kind: 'sequence', autonomousSystems: [65001] }],
    };
    const large: Attribute = {
      type: 'AS_PATH',
      segments: [
        { kind: 'confederation-sequence', autonomousSystems: [65550] },
        { kind: 'sequence', autonomousSystems: [65001, 65537] },
      ],
    };
    const aggregator: Attribute = { type: 'AGGREGATOR', autonomousSystem: 65537, routerId: '10.0.0.1' };
    t.match(send([small]).text, '4002040201fde9');
    t.notMatch(send([small]).text, 'c011');
    const sent = send([large, aggregator]);
    t.match(sent.text, '40020a03015ba00202fde95ba0');
    t.match(sent.text, 'c00706' + '5ba00a000001');
    t.match(
      sent.text,
      'c010080002fde80000000ac0110a02020000fde900010001c01208000100010a000001',
      'in ascending order',
    );
    const back = decodeAttributeBlock(sent.block);
    t.same(
      back.find(({ type }) => type === 'AGGREGATOR'),
      aggregator,
    );
    t.same(
      back.find(({ type }) => type === 'AS_PATH'),
      {
        type: 'AS_PATH',
        segments: [
          { kind: 'confederation-sequence', autonomousSystems: [23456] },
          { kind: 'sequence', autonomousSystems: [65001, 65537] },
        ],
      },
    );
    t.end();
  },
);

t.test('a path of more than 255 numbers is cut into segments, and read as it was written', (t) => {
  const autonomousSystems = Array.from({ length: 600 }, (_, n) => 70_000 + n);
  const block = encodeAttributeBlock([
    { type: 'AS_PATH', segments: [{ kind: 'sequence', autonomousSystems }] },
  ]);
  const [path] = decodeAttributeBlock(block);
  t.ok(path.type === 'AS_PATH');
  if (path.type !== 'AS_PATH') return t.end();
  t.same(
    path.segments.map((segment) => segment.autonomousSystems.length),
    [255, 255, 90],
  );
  t.same(
    path.segments.flatMap((segment) => segment.autonomousSystems),
    autonomousSystems,
  );
  t.end();
});

t.test(
  'thousands of malformed routes in one message cost little: the first are told, too many reset the session',
  (t) => {
    const flood = (count: number, sound: string) => {
      const nlri = '0200'.repeat(count) + sound;
      const length = (n: number) => n.toString(16).padStart(4, '0');
      return UPDATE(`900e ${length(9 + nlri.length / 2)} 0019 46 04 0a000001 00 ${nlri} 40010100 400200`);
    };
    const faults = (seen: readonly string[]) => seen.filter((each) => each.startsWith('fault')).length;
    const tolerated = walk(flood(256, hexText(imet(1)))).seen;
    t.equal(faults(tolerated), 16);
    t.same(tolerated.slice(16), ['attributes', `announce ${EVPN} ${hexText(imet(1))} 0`]);
    for (const count of [257, 2000, 30_000]) {
      const { seen } = walk(flood(count, hexText(imet(1))));
      t.equal(seen.length, 17, `${count}: nothing handed over`);
      t.match(seen[16], 'number of malformed NLRI is more than 256, expected none');
    }
    t.end();
  },
);

t.test('a value does not change with the Buffer that it was read from', (t) => {
  const attributes = `${REACH} 40010100 400200 c06302aabb c0160700080000000102 c02805 05000201 02`;
  const buffer = Buffer.from(
    UPDATE(`${attributes.replace('c0160700080000000102', 'c016070008000000 0102')}`),
  );
  const update = decodeUpdate(buffer);
  const text = JSON.stringify(update, (_key, part) => (part instanceof Uint8Array ? hexText(part) : part));
  buffer.fill(0xee);
  t.equal(
    JSON.stringify(update, (_key, part) => (part instanceof Uint8Array ? hexText(part) : part)),
    text,
  );
  t.notMatch(text, 'eeee');
  t.end();
});

t.test('the NLRI of a family that is not known are one piece, and come back as they were', (t) => {
  const attributes = '900e 000c 4004 47 04 0a000001 00 beef01 40010100 400200';
  const update = decodeUpdate(UPDATE(attributes));
  t.equal(update.announced[0].family, (0x4004 << 8) | 0x47);
  t.same(update.announced[0].routes, [{ opaque: Uint8Array.of(0xbe, 0xef, 0x01) }]);
  t.equal(hexText(encodeMessage(update).subarray(19)), hexText(UPDATE(attributes)));
  t.end();
});
