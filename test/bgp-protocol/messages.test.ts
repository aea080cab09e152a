/**
 * OPEN, NOTIFICATION, KEEPALIVE and ROUTE-REFRESH beyond their fixtures: errors, limits, words.
 */
import {
  AS_TRANS,
  BgpFault,
  type Capability,
  CEASE,
  decodeBody,
  decodeMessage,
  decodeOpen,
  decodeRouteRefresh,
  decodeShutdownCommunication,
  ERROR,
  ERROR_TEXT,
  encodeKeepalive,
  encodeMessage,
  encodeNotification,
  encodeOpen,
  encodeRouteRefresh,
  encodeShutdownCommunication,
  FAMILY,
  FSM_ERROR,
  hexText,
  MESSAGE_HEADER_ERROR,
  notificationOf,
  notificationText,
  OPEN_ERROR,
  type OpenMessage,
  parseHex,
  ROUTE_REFRESH_ERROR,
  UPDATE_ERROR,
  unwrapHardReset,
  wrapHardReset,
} from 'bgp-protocol';
import t from 'tap';

const OPEN: OpenMessage = {
  type: 'OPEN',
  version: 4,
  autonomousSystem: 4_200_000_001,
  holdTimeSeconds: 180,
  routerId: '10.0.0.1',
  capabilities: [
    { type: 'multiprotocol', family: FAMILY.L2VPN_EVPN },
    { type: 'four-octet-as', autonomousSystem: 4_200_000_001 },
  ],
};

function octetsOf(text: string): Uint8Array {
  const octets = parseHex(text.replaceAll(' ', ''));
  if (octets === undefined) throw new Error(`Cannot test: ${text} is no hexadecimal`);
  return octets;
}

t.test('OPEN errors: RFC 4271 section 6.2', (t) => {
  const cases: readonly (readonly [string, string, number, string])[] = [
    ['version 3', '03 fde8 0009 0a000001 00', OPEN_ERROR.UNSUPPORTED_VERSION_NUMBER, '0004'],
    ['AS 0', '04 0000 0009 0a000001 00', OPEN_ERROR.BAD_PEER_AS, ''],
    [
      'AS 0 in the capability (RFC 7607)',
      '04 fde8 0009 0a000001 08 02064104 00000000',
      OPEN_ERROR.BAD_PEER_AS,
      '',
    ],
    ['hold time 1', '04 fde8 0001 0a000001 00', OPEN_ERROR.UNACCEPTABLE_HOLD_TIME, ''],
    ['hold time 2', '04 fde8 0002 0a000001 00', OPEN_ERROR.UNACCEPTABLE_HOLD_TIME, ''],
    ['identifier 0', '04 fde8 0009 00000000 00', OPEN_ERROR.BAD_BGP_IDENTIFIER, ''],
    ['parameter 1', '04 fde8 0009 0a000001 03 010100', OPEN_ERROR.UNSUPPORTED_OPTIONAL_PARAMETER, ''],
    ['parameters cut', '04 fde8 0009 0a000001 08 0206', OPEN_ERROR.UNSPECIFIC, ''],
    ['parameters too short', '04 fde8 0009 0a000001 00 00', OPEN_ERROR.UNSPECIFIC, ''],
    ['capability cut', '04 fde8 0009 0a000001 04 02024104', OPEN_ERROR.UNSPECIFIC, ''],
    ['multiprotocol of 3 octets', '04 fde8 0009 0a000001 07 0205 0103 001900', OPEN_ERROR.UNSPECIFIC, ''],
    ['route refresh with a value', '04 fde8 0009 0a000001 05 0203 020100', OPEN_ERROR.UNSPECIFIC, ''],
  ];
  for (const [name, body, subcode, data] of cases) {
    try {
      decodeOpen(octetsOf(body));
      t.fail(name);
    } catch (fault) {
      t.ok(fault instanceof BgpFault, name);
      const { code, subcode: seen, data: octets, message } = fault as BgpFault;
      t.same([code, seen, hexText(octets)], [ERROR.OPEN_MESSAGE, subcode, data], `${name}: ${message}`);
    }
  }
  t.end();
});

t.test('a malformed capability that has no effect is kept as octets, not a fault', (t) => {
  const { capabilities } = decodeOpen(octetsOf('04 fde8 0009 0a000001 07 0205 4003 007800'));
  t.same(capabilities, [{ type: 'unknown', code: 64, value: Uint8Array.of(0, 0x78, 0) }]);
  t.end();
});

t.test('an AS number above 65535 is AS_TRANS in the fixed field: RFC 6793 section 4.2.2', (t) => {
  const octets = encodeOpen(OPEN);
  t.equal((octets[20] << 8) | octets[21], AS_TRANS);
  t.same(decodeMessage(octets), OPEN);
  t.end();
});

t.test('more than 255 octets of capabilities use the extended form, and are read from it: RFC 9072', (t) => {
  const long: Capability[] = Array.from({ length: 20 }, (_, i) => ({
    type: 'unknown',
    code: 128 + i,
    value: new Uint8Array(30).fill(i),
  }));
  for (let count = 0; count <= long.length; count++) {
    const open: OpenMessage = { ...OPEN, capabilities: [...OPEN.capabilities, ...long.slice(0, count)] };
    const octets = encodeOpen(open);
    t.same(decodeMessage(octets), open, `${count} long capabilities`);
    t.equal(octets[29] === 255, count >= 8, 'extended form');
  }
  const hand = octetsOf('04 fde8 0009 0a000001 ff ff 0009 02 0006 4104 0000fde8');
  t.equal(decodeOpen(hand).autonomousSystem, 65000);
  const otherLength = octetsOf('04 fde8 0009 0a000001 0a ff 0009 02 0006 4104 0000fde8');
  t.equal(decodeOpen(otherLength).autonomousSystem, 65000, 'whatever the length octet says');
  t.end();
});

t.test('text of the peer: cut between characters, and never a fault', (t) => {
  const named: OpenMessage = {
    ...OPEN,
    capabilities: [{ type: 'software-version', version: `${'x'.repeat(63)}é` }],
  };
  t.same((decodeMessage(encodeOpen(named)) as OpenMessage).capabilities, [
    { type: 'software-version', version: 'x'.repeat(63) },
  ]);
  const { capabilities } = decodeOpen(octetsOf('04 fde8 0009 0a000001 06 0204 4b02 01ff'));
  t.same(capabilities, [{ type: 'unknown', code: 75, value: Uint8Array.of(1, 0xff) }]);
  t.end();
});

t.test('shutdown communication: RFC 9003', (t) => {
  t.equal(decodeShutdownCommunication(encodeShutdownCommunication('Wartung bis 3 Uhr')), 'Wartung bis 3 Uhr');
  t.equal(encodeShutdownCommunication('é'.repeat(200)).length, 255, '254 octets of text and the length');
  t.same(encodeShutdownCommunication(''), new Uint8Array(0));
  t.equal(decodeShutdownCommunication(new Uint8Array(0)), undefined);
  t.equal(decodeShutdownCommunication(Uint8Array.of(9, 0x61, 0x62)), 'ab', 'longer than the data');
  t.equal(decodeShutdownCommunication(Uint8Array.of(2, 0x61, 0xff)), 'a\ufffd', 'not UTF-8');
  t.end();
});

t.test('every registered code and subcode has words', (t) => {
  const tables: readonly (readonly [number, Readonly<Record<string, number>>])[] = [
    [ERROR.MESSAGE_HEADER, MESSAGE_HEADER_ERROR],
    [ERROR.OPEN_MESSAGE, OPEN_ERROR],
    [ERROR.UPDATE_MESSAGE, UPDATE_ERROR],
    [ERROR.FINITE_STATE_MACHINE, FSM_ERROR],
    [ERROR.CEASE, CEASE],
    [ERROR.ROUTE_REFRESH_MESSAGE, ROUTE_REFRESH_ERROR],
  ];
  for (const code of Object.values(ERROR)) t.notMatch(notificationText(code, 0), /^Error/, `code ${code}`);
  for (const [code, subcodes] of tables) {
    for (const [name, subcode] of Object.entries(subcodes)) {
      if (subcode === 0) continue;
      t.ok(ERROR_TEXT[code].subcodes[subcode], `${code}/${subcode} ${name}`);
      t.notMatch(notificationText(code, subcode), /subcode/, `${code}/${subcode}`);
    }
  }
  t.equal(
    notificationText(6, 2, encodeShutdownCommunication('rack 3')),
    'Cease / Administrative Shutdown: "rack 3"',
  );
  t.equal(notificationText(4, 0), 'Hold Timer Expired');
  t.equal(notificationText(42, 7), 'Error 42 / subcode 7');
  t.equal(
    notificationText(2, 1, Uint8Array.of(0, 4)),
    'OPEN Message Error / Unsupported Version Number (data 0004)',
  );
  t.end();
});

t.test('a hard reset wraps, unwraps and says what it wraps: RFC 8538 section 3', (t) => {
  const inner = {
    type: 'NOTIFICATION',
    code: ERROR.CEASE,
    subcode: CEASE.ADMINISTRATIVE_SHUTDOWN,
    data: encodeShutdownCommunication('bye'),
  } as const;
  const outer = wrapHardReset(inner);
  t.same(unwrapHardReset(outer), inner);
  t.equal(unwrapHardReset(inner), undefined);
  t.equal(
    notificationText(outer.code, outer.subcode, outer.data),
    'Cease / Hard Reset: Cease / Administrative Shutdown: "bye"',
  );
  t.same(decodeMessage(encodeNotification(outer)), outer);
  t.end();
});

t.test('the NOTIFICATION of a fault carries its code, subcode and data', (t) => {
  try {
    decodeOpen(octetsOf('03 fde8 0009 0a000001 00'));
    t.fail();
  } catch (fault) {
    t.equal(hexText(encodeNotification(notificationOf(fault as BgpFault))).slice(36), '0302010004');
  }
  t.end();
});

t.test('ROUTE-REFRESH: a bad length is answered with the whole message, RFC 7313 section 5', (t) => {
  const message = encodeRouteRefresh({ family: FAMILY.L2VPN_EVPN, subtype: 1 });
  const long = new Uint8Array(24).fill(0xff);
  long.set(message);
  long[17] = 24;
  for (const [octets, name] of [
    [long, 'five octets with subtype 1'],
    [Uint8Array.of(...message.slice(0, 17), 22, 5, 0, 25, 0), 'three octets'],
  ] as const) {
    try {
      decodeMessage(octets);
      t.fail(name);
    } catch (fault) {
      const { code, subcode, data } = fault as BgpFault;
      t.same([code, subcode, hexText(data)], [7, 1, hexText(octets)], name);
    }
  }
  t.same(
    decodeRouteRefresh(Uint8Array.of(0, 25, 9, 70)).subtype,
    9,
    'an unknown subtype is the receiver’s to ignore',
  );
  t.end();
});

t.test('a whole message whose length is not the octets given is a fault', (t) => {
  const keepalive = encodeKeepalive();
  t.same(decodeMessage(keepalive), { type: 'KEEPALIVE' });
  t.throws(() => decodeMessage(Uint8Array.of(...keepalive, 0)), { code: 1, subcode: 2 });
  t.throws(() => decodeMessage(keepalive.subarray(0, 18)), { code: 1, subcode: 2 });
  t.throws(() => decodeBody(9, keepalive, 19, 19), RangeError);
  t.same(encodeMessage({ type: 'KEEPALIVE' }), keepalive);
  t.end();
});

t.test('what cannot be encoded is a TypeError or RangeError: a bug of the caller, not a fault', (t) => {
  t.throws(() => encodeOpen({ ...OPEN, routerId: 'router' }), TypeError);
  const value = new Uint8Array(256);
  t.throws(() => encodeOpen({ ...OPEN, capabilities: [{ type: 'unknown', code: 9, value }] }), RangeError);
  t.end();
});
