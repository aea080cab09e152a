/**
 * Messages as JSON and back to the same octets; the schema; the text for people.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import {
  type Attribute,
  BgpFault,
  DEFAULT_CONTEXT,
  decodeAttributes,
  decodeMessage,
  type EvpnRoute,
  encodeEvpnRoute,
  encodeMessage,
  FAMILY,
  hexText,
  type Message,
  parseHex,
} from 'bgp-protocol';
import fc from 'fast-check';
import t from 'tap';
import { chunksOf } from '../../src/decode/byte-source.ts';
import {
  type CapturedMessage,
  InputProblem,
  type Json,
  type JsonObject,
  messageJson,
  messageJsonSchema,
  messageText,
  octetsOfMessageJson,
  readJsonValues,
} from '../../src/decode/index.ts';
import { evpnRoute, extendedCommunity, prefix, rd, u32 } from '../bgp-protocol/arbitraries.ts';
import { bitFlips, readFixtures } from '../bgp-protocol/fixture-files.ts';
import { collect, fixtureOctets, fixturePath } from './collect.ts';

const MRT_FILES = ['frr-8.4-all-et', 'frr-8.4-updates', 'frr-8.4-routes-mrt', 'gobgp-3.10-table'];
const files = [
  ...readdirSync(fixturePath('captures'))
    .filter((file) => file.endsWith('.pcap'))
    .map((file) => `captures/${file}`),
  ...MRT_FILES.map((file) => `rfc6396/${file}.mrt`),
];

const throughText = (json: Json): Json => JSON.parse(JSON.stringify(json));
const captured = (bytes: Uint8Array, ctx = DEFAULT_CONTEXT): CapturedMessage => ({
  kind: 'message',
  bytes,
  ctx,
  source: {},
});
const onlyMessage = async (file: string, at: number) => (await collect(fixtureOctets(file))).messages[at];

t.test(
  'every message of every capture and dump comes back from its JSON octet for octet, by its values',
  async (t) => {
    for (const file of files) {
      const { messages } = await collect(fixtureOctets(file));
      for (const message of messages) {
        const json = throughText(messageJson(message)) as JsonObject;
        if (hexText(octetsOfMessageJson(json)) !== hexText(message.bytes))
          t.fail(`${file}: ${JSON.stringify(json)}`);
        if ('octets' in json) t.fail(`${file}: values alone do not tell ${JSON.stringify(json)}`);
      }
      t.pass(`${file}: ${messages.length} messages`);
    }
  },
);

t.test('the form of an UPDATE with EVPN routes', async (t) => {
  const message = await onlyMessage('captures/type2-mac-ipv4.pcap', 0);
  t.strictSame(messageJson(message), {
    type: 'UPDATE',
    length: 109,
    attributes: {
      ORIGIN: 'igp',
      AS_PATH: [],
      LOCAL_PREF: 100,
      EXTENDED_COMMUNITIES: [
        { type: 'encapsulation', tunnelType: 8 },
        { type: 'route-target', value: '65000:10' },
      ],
    },
    announced: [
      {
        family: 'l2vpn-evpn',
        nextHop: '10.0.0.1',
        labelKind: 'vni',
        routes: [
          {
            routeType: 2,
            rd: '10.0.0.1:2',
            esi: '00:00:00:00:00:00:00:00:00:00',
            ethernetTag: 0,
            mac: '02:00:00:00:00:01',
            ip: '10.10.10.11',
            labels: [10],
          },
        ],
      },
    ],
    withdrawn: [],
    faults: [],
    layout: {
      attributes: [
        [14, 144],
        [1, 64],
        [2, 80],
        [5, 64],
        [16, 192],
      ],
    },
    source: {
      time: '2026-11-20T23:47:24.092571Z',
      packet: 1,
      from: '10.0.0.1:44103',
      to: '10.0.0.100:179',
      streamOffset: 0,
    },
  });
});

t.test('a value that is changed changes the octets, and only those', async (t) => {
  const message = await onlyMessage('captures/type2-mac-ipv4.pcap', 0);
  const text = JSON.stringify(messageJson(message)).replace('02:00:00:00:00:01', '02:00:00:00:00:7f');
  const changed = octetsOfMessageJson(JSON.parse(text));
  const differ = [...changed].flatMap((octet, i) => (octet === message.bytes[i] ? [] : [i]));
  t.equal(changed.length, message.bytes.length);
  t.strictSame(differ, [0x24 + 30]);
  const { layout: _, ...canonical } = messageJson(message);
  t.strictSame(
    decodeMessage(octetsOfMessageJson(canonical)),
    decodeMessage(message.bytes),
    'without layout: the same values, the usual order',
  );
});

const labels = fc.constantFrom([1601], [1600, 3201]);
const message = fc
  .record({
    communities: fc.array(extendedCommunity, { minLength: 1, maxLength: 3 }),
    announced: fc.array(evpnRoute, { minLength: 1, maxLength: 3 }),
    withdrawn: fc.array(evpnRoute, { maxLength: 3 }),
    vpn: fc.record({ rd, labels, prefix }),
    med: u32,
  })
  .map(({ communities, announced, withdrawn, vpn, med }): readonly Message[] => [
    {
      type: 'UPDATE',
      attributes: [
        { type: 'ORIGIN', value: 'egp' },
        { type: 'AS_PATH', segments: [{ kind: 'sequence', autonomousSystems: [4_200_000_000] }] },
        { type: 'MED', value: med },
        { type: 'COMMUNITIES', communities: [med, 0xffffff01], partial: true },
        { type: 'EXTENDED_COMMUNITIES', communities },
        { type: 'unknown', code: 99, flags: 0xc0, value: Uint8Array.of(1, 2) },
      ],
      announced: [{ family: FAMILY.L2VPN_EVPN, nextHop: '10.0.0.1', routes: announced }],
      withdrawn: [],
      faults: [],
    },
    {
      type: 'UPDATE',
      attributes: [],
      announced: [],
      withdrawn: [{ family: FAMILY.L2VPN_EVPN, routes: withdrawn }],
      faults: [],
    },
    {
      type: 'UPDATE',
      attributes: [
        { type: 'ORIGIN', value: 'igp' },
        { type: 'AS_PATH', segments: [] },
      ],
      announced: [
        {
          family: vpn.prefix.includes(':') ? FAMILY.VPNV6 : FAMILY.VPNV4,
          nextHop: vpn.prefix.includes(':') ? 'fd00::1' : '10.0.0.1',
          routes: [vpn],
        },
      ],
      withdrawn: [],
      faults: [],
    },
  ]);

/** Every fixture of a kind, in all folders of rfc-fixtures. */
const fixturesOf = (kind: string) =>
  readdirSync(fixturePath(''))
    .filter((folder) => existsSync(fixturePath(`${folder}/${kind}.hex`)))
    .flatMap((folder) =>
      readFixtures(`${folder}/${kind}`).map((each) => ({ ...each, name: `${folder} ${each.name}` })),
    );

t.test('every attribute, capability and message fixture comes back from its JSON octet for octet', (t) => {
  const route: EvpnRoute = { routeType: 3, rd: '10.0.0.1:2', ethernetTag: 0, originatorIp: '10.0.0.1' };
  const announced = [{ family: FAMILY.L2VPN_EVPN, nextHop: '10.0.0.1', routes: [route] }];
  let byValue = 0;
  const check = (name: string, bytes: Uint8Array) => {
    const json = throughText(messageJson(captured(bytes, { ...DEFAULT_CONTEXT, extendedMessage: true })));
    t.equal(hexText(octetsOfMessageJson(json)), hexText(bytes), name);
    if (!('octets' in (json as JsonObject))) byValue++;
    t.ok(messageText(captured(bytes)).length > 0);
  };
  for (const { name, bytes } of fixturesOf('attributes')) {
    let attributes: Attribute[];
    try {
      attributes = decodeAttributes(bytes);
    } catch (error) {
      if (!(error instanceof BgpFault)) throw error;
      continue;
    }
    const present = new Set(attributes.map(({ type }) => type));
    if (present.has('MP_REACH_NLRI') || present.has('MP_UNREACH_NLRI')) continue;
    const mandatory: Attribute[] = [
      { type: 'ORIGIN', value: 'igp' },
      { type: 'AS_PATH', segments: [] },
    ];
    const all = [...mandatory.filter(({ type }) => !present.has(type)), ...attributes];
    check(name, encodeMessage({ type: 'UPDATE', attributes: all, announced, withdrawn: [], faults: [] }));
  }
  const header = Uint8Array.of(...new Uint8Array(16).fill(0xff), 0, 0, 1, 4, 0xfd, 0xe8, 0, 9, 10, 0, 0, 1);
  for (const { name, bytes } of fixturesOf('capabilities')) {
    if (bytes.length > 250) continue;
    const open = Uint8Array.of(...header, bytes.length + 2, 2, bytes.length, ...bytes);
    open[17] = open.length & 0xff;
    open[16] = open.length >> 8;
    check(name, open);
  }
  for (const { name, bytes } of fixturesOf('messages')) check(name, bytes);
  t.ok(byValue > 80, `${byValue} by their values`);
  t.end();
});

t.test('generated messages come back from their JSON octet for octet', (t) => {
  fc.assert(
    fc.property(message, (messages) => {
      for (const each of messages) {
        const bytes = encodeMessage(each);
        const json = throughText(messageJson(captured(bytes)));
        t.equal(hexText(octetsOfMessageJson(json)), hexText(bytes));
      }
    }),
    { numRuns: 100 },
  );
  t.end();
});

t.test('one flipped bit: JSON that comes back octet for octet, whatever it became', async (t) => {
  for (const file of [
    'captures/frr84-mh-type1-4-5-vrf-leaf1.pcap',
    'captures/notification-admin-shutdown-with-message.pcap',
  ]) {
    const { messages } = await collect(fixtureOctets(file));
    const kinds = new Map(messages.map((each) => [each.bytes[18], each]));
    for (const { bytes, ctx } of kinds.values()) {
      for (const flipped of bitFlips(bytes)) {
        const json = throughText(messageJson(captured(flipped, ctx)));
        if (hexText(octetsOfMessageJson(json)) !== hexText(flipped)) t.fail(JSON.stringify(json));
        messageText(captured(flipped, ctx));
      }
      t.pass(`type ${bytes[18]} of ${file}`);
    }
  }
});

t.test('a malformed message keeps its octets and says what is wrong', (t) => {
  const header = `${'ff'.repeat(16)}0018`;
  const json = messageJson(captured(parseHex(`${header}02000000014001`) ?? new Uint8Array()));
  t.match(json, { type: 'MALFORMED', length: 25, octets: `${header}02000000014001` });
  t.match((json.faults as readonly Json[])[0], {
    code: Number,
    subcode: Number,
    action: 'session-reset',
    message: String,
  });
  t.end();
});

t.test('a fault that is lived with stands beside what is left', (t) => {
  const routes: EvpnRoute[] = [{ routeType: 3, rd: '10.0.0.1:2', ethernetTag: 0, originatorIp: '10.0.0.1' }];
  const bytes = encodeMessage({
    type: 'UPDATE',
    attributes: [
      { type: 'ORIGIN', value: 'igp' },
      { type: 'AS_PATH', segments: [] },
    ],
    announced: [{ family: FAMILY.L2VPN_EVPN, nextHop: '10.0.0.1', routes }],
    withdrawn: [],
    faults: [],
  });
  const originAt = hexText(bytes).indexOf('40010100') / 2 + 3;
  bytes[originAt] = 9;
  const json = messageJson(captured(bytes));
  t.match(json, { type: 'UPDATE', announced: [], withdrawn: [{ routes }], octets: hexText(bytes) });
  t.match((json.faults as readonly Json[])[0], { action: 'treat-as-withdraw', seen: '9' });
  t.match(messageText(captured(bytes)).join('\n'), /fault treat-as-withdraw: .*ORIGIN/);
  t.equal(hexText(octetsOfMessageJson(throughText(json))), hexText(bytes));
  t.end();
});

t.test('JSON that is no message is an InputProblem that names the member', (t) => {
  const update = { type: 'UPDATE', attributes: { ORIGIN: 'igp' } };
  const announce = (route: Json) => ({
    ...update,
    announced: [{ family: 'l2vpn-evpn', nextHop: '10.0.0.1', routes: [route] }],
  });
  for (const [json, expected] of [
    [{ type: 'HELLO' }, /type/],
    [[], /the message/],
    [{ type: 'UPDATE', attributes: { ORIGIN: 'x' } }, /attributes\.ORIGIN/],
    [{ type: 'UPDATE', attributes: { MED: -1 } }, /attributes\.MED/],
    [{ type: 'UPDATE', attributes: { COMMUNITIES: ['x'] } }, /saw "x", expected a community/],
    [
      { type: 'UPDATE', attributes: { EXTENDED_COMMUNITIES: [{ type: 'route-target', value: 'x' }] } },
      /saw "x"/,
    ],
    [{ type: 'UPDATE', withdrawn: [{ family: 'x', routes: [] }] }, /saw "x", expected an address family/],
    [
      announce({ routeType: 3, rd: 'x', ethernetTag: 0, originatorIp: '10.0.0.1' }),
      /route distinguisher is "x"/,
    ],
    [announce({ routeType: 3, rd: '0:0', ethernetTag: 0, originatorIp: 'x' }), /IP address is "x"/],
    [announce({ routeType: 2 }), /announced\.0\.routes\.0/],
    [{ type: 'KEEPALIVE', octets: '0' }, /octets/],
    [{ type: 'NOTIFICATION', code: 6 }, /subcode/],
    [{ type: 'UPDATE', attributes: { NO_SUCH: {} } }, /NO_SUCH/],
    [
      { type: 'OPEN', version: 4, autonomousSystem: 1, holdTimeSeconds: 9, routerId: 'x', capabilities: [] },
      /"x"/,
    ],
  ] as const) {
    t.throws(() => octetsOfMessageJson(json as Json), InputProblem, JSON.stringify(json));
    t.throws(() => octetsOfMessageJson(json as Json), { message: expected });
  }
  t.end();
});

t.test('the published schema is the one that is enforced', (t) => {
  const published = readFileSync(new URL('../../docs/decode.schema.json', import.meta.url), 'utf8');
  t.equal(
    published,
    `${JSON.stringify(messageJsonSchema(), null, 2)}\n`,
    'evpnctl decode --schema prints it',
  );
  t.end();
});

t.test('every example of docs/decode.md encodes', (t) => {
  const page = readFileSync(new URL('../../docs/decode.md', import.meta.url), 'utf8');
  const examples = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json]) => JSON.parse(json) as Json);
  t.ok(examples.length >= 3);
  for (const example of examples) t.ok(octetsOfMessageJson(example).length >= 19);
  t.end();
});

t.test('text names every part at its offset, and says whether a label is a VNI', async (t) => {
  const message = await onlyMessage('captures/type5-frr-default-vrf-l3vni-leaf1.pcap', 0);
  const lines = messageText(message);
  t.match(lines[0], /^packet \d+ 2026-\S+ \S+ > \S+: /);
  const { messages } = await collect(fixtureOctets('captures/frr84-mh-type1-4-5-vrf-leaf1.pcap'));
  let routes = 0;
  for (const each of messages) {
    for (const line of messageText(each)) {
      const found = /^([0-9a-f]{4}) {4}(?:announced|withdrawn) [^[]*\[(\d+)\]:\[/.exec(line);
      if (found === null) continue;
      routes++;
      t.equal(each.bytes[Number.parseInt(found[1], 16)], Number(found[2]), line);
    }
  }
  t.ok(routes >= 30);
  t.match(
    messages.flatMap(messageText).join('\n'),
    /announced MAC\/IP Advertisement rd 10\.0\.0\.1:3 \[2\]:\[0\]:\[48\]:\[02:00:00:00:00:01\].* ESI 03:.* VNI 10 VNI 4000/,
  );
  t.match(
    messages.flatMap(messageText).join('\n'),
    /^[0-9a-f]{4} {2}PMSI_TUNNEL ingress replication VNI 10 to 10\.0\.0\.1$/m,
  );
  const mpls = encodeMessage({
    type: 'UPDATE',
    attributes: [
      { type: 'ORIGIN', value: 'igp' },
      { type: 'AS_PATH', segments: [{ kind: 'set', autonomousSystems: [1, 2] }] },
    ],
    announced: [
      {
        family: FAMILY.L2VPN_EVPN,
        nextHop: '10.0.0.1',
        routes: [
          { routeType: 1, rd: '0:1', esi: '03:44:38:39:ff:00:01:00:00:01', ethernetTag: 0, label: 1601 },
        ],
      },
    ],
    withdrawn: [],
    faults: [],
  });
  const text = messageText(captured(mpls)).join('\n');
  t.match(text, /MPLS label 100$/m, 'without encapsulation community, RFC 8365 section 5.1.3');
  t.match(text, /AS_PATH \{1 2\}/);
});

t.test('a route that validates shows in text without an exception, whatever its octets', (t) => {
  fc.assert(
    fc.property(evpnRoute, (route) => {
      const bytes = encodeMessage({
        type: 'UPDATE',
        attributes: [
          { type: 'ORIGIN', value: 'igp' },
          { type: 'AS_PATH', segments: [] },
        ],
        announced: [{ family: FAMILY.L2VPN_EVPN, nextHop: 'fd00::1', routes: [route] }],
        withdrawn: [],
        faults: [],
      });
      t.ok(messageText(captured(bytes)).length > 3);
      t.ok(hexText(bytes).includes(hexText(encodeEvpnRoute(route))));
    }),
  );
  t.end();
});

t.test('JSON values: one a line, one over many lines, or an array of them', async (t) => {
  const values = async (text: string, size = 1000) => {
    const bytes = new TextEncoder().encode(text);
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.slice(i * size, (i + 1) * size),
    );
    const found: Json[] = [];
    for await (const json of readJsonValues(chunksOf(...chunks))) found.push(json);
    return found;
  };
  for (const size of [1, 3, 1000]) {
    t.strictSame(await values('{"a":1}\n\n{"a":"é"}', size), [{ a: 1 }, { a: 'é' }]);
    t.strictSame(await values('{\n "a": {\n "b": []\n }\n}\n{"c":2}\n', size), [{ a: { b: [] } }, { c: 2 }]);
    t.strictSame(await values('[\n {"a":1}\n,{"a":2}\n]\n', size), [{ a: 1 }, { a: 2 }]);
  }
  await t.rejects(values('{"a":1}\n{"a":\n'), {
    message: /^Cannot read JSON: what begins on line 2 is no JSON value: /,
  });
  await t.rejects(values('7\n'), { message: /neither an object nor an array/ });
});
