/**
 * Messages out of every format: the same four whichever way they are written down, and clear words where there are none.
 */
import { readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { encodeKeepalive, encodeMessage, FAMILY, hexText } from 'bgp-protocol';
import t from 'tap';
import { type CapturedPacket, tcpSegmentOf } from '../../src/decode/packet.ts';
import { collect, fixtureOctets, fixturePath, octetsOf } from './collect.ts';
import { type Frame, framesOf, pcapFile, pcapngFile, tcpFrame } from './frames.ts';

const PCAP = fixtureOctets('captures/type2-mac-ipv4.pcap');
const expected = octetsOf(await collect(PCAP));
const keepalive = encodeKeepalive();

t.test('the capture holds four messages, with packet, time and direction', async (t) => {
  const { messages, notices } = await collect(PCAP);
  t.strictSame(notices, []);
  t.equal(messages.length, 4);
  const { packet, timeNanoseconds, from, to } = messages[0].source;
  t.strictSame({ packet, from, to }, { packet: 1, from: '10.0.0.1:44103', to: '10.0.0.100:179' });
  t.equal(timeNanoseconds, 1795218444092571000n);
});

t.test('dumps of tcpdump, Wireshark, xxd, hexdump and od give the same messages', async (t) => {
  const files = readdirSync(fixturePath('hex-dumps')).filter((file) => file.endsWith('.txt'));
  t.equal(files.length, 10);
  for (const file of files)
    t.strictSame(octetsOf(await collect(fixtureOctets(`hex-dumps/${file}`))), expected, file);
});

t.test('hexadecimal digits with whatever people leave between them', async (t) => {
  const hex = hexText(keepalive);
  const pairs = hex.match(/../g) ?? [];
  for (const text of [
    hex,
    hex.toUpperCase(),
    `${hex}\n`,
    `${hex}\r\n${hex}\r\n`,
    pairs.join(' '),
    pairs.join(':'),
    pairs.join('-'),
    pairs.map((pair) => `0x${pair}`).join(', '),
    `"${pairs.map((pair) => `\\x${pair}`).join('')}"`,
    `# a keepalive\n  ${hex.slice(0, 20)}\n  ${hex.slice(20)}`,
    `// a keepalive\n${hex}`,
    `0000${hex}`,
  ]) {
    const { messages } = await collect(text);
    t.ok(
      messages.length >= 1 && messages.every(({ bytes }) => hexText(bytes) === hex),
      JSON.stringify(text).slice(0, 60),
    );
  }
});

t.test('what is no input is said in one line', async (t) => {
  const cut = (bytes: Uint8Array, octets: number) => bytes.subarray(0, bytes.length - octets);
  const mrt = fixtureOctets('rfc6396/frr-8.4-updates.mrt');
  for (const [input, message] of [
    ['', 'Cannot decode: the input is empty'],
    ['hello', 'Cannot read hexadecimal text: line 1, column 1 is "h", expected a digit'],
    ['ff\nfx', 'Cannot read hexadecimal text: line 2, column 2 is "x", expected a digit'],
    ['fff', 'Cannot read hexadecimal text: the number of digits is odd'],
    ['0102', 'Cannot decode: the hexadecimal text holds no BGP message (16 times ff) and no packet'],
    [
      Uint8Array.of(0, 1, 2),
      'Cannot decode: the input is no hexadecimal text, BGP message, pcap, pcapng or MRT',
    ],
    [cut(PCAP, 1), 'Cannot read pcap: packet 8 at offset 875 is cut off'],
    [PCAP.subarray(0, 20), 'Cannot read pcap: the file header is cut off'],
    [cut(mrt, 1), /^Cannot read MRT: record 5 at offset \d+ is cut off$/],
    [cut(gzipSync(PCAP), 9), /^Cannot read gzip: /],
  ] as const) {
    await t.rejects(collect(input), { name: 'InputProblem', message }, String(message));
  }
});

t.test('gzip around any format, in chunks of any size', async (t) => {
  for (const chunkOctets of [1, 7, 1000]) {
    t.strictSame(octetsOf(await collect(gzipSync(PCAP), {}, chunkOctets)), expected);
    t.strictSame(octetsOf(await collect(PCAP, {}, chunkOctets)), expected);
  }
  t.strictSame(octetsOf(await collect(gzipSync(hexText(keepalive)))), [hexText(keepalive)]);
});

t.test('raw messages one after the other, with what is between them passed over', async (t) => {
  const bytes = Uint8Array.of(...keepalive, ...keepalive, 1, 2, 3, ...keepalive, 0xff, 0xff);
  for (const chunkOctets of [1, 5, 19, 100]) {
    const { messages, notices } = await collect(bytes, {}, chunkOctets);
    t.strictSame(
      messages.map(({ source }) => source.streamOffset),
      [0, 19, 41],
    );
    t.equal(notices.at(-1), 'the last 2 octets are a message that is cut off');
  }
  const garbage = Uint8Array.of(1, 2, 3, ...keepalive);
  t.strictSame(octetsOf(await collect(garbage)), [hexText(keepalive)]);
});

t.test('pcap in either byte order and unit of time; pcapng too, with its blocks and options', async (t) => {
  const frames = framesOf(PCAP);
  for (const littleEndian of [true, false]) {
    for (const nanoseconds of [true, false]) {
      const file = pcapFile(frames, { littleEndian, nanoseconds });
      const { messages } = await collect(file, {}, 13);
      t.strictSame(octetsOf({ messages, notices: [] }), expected);
      t.equal(messages[0].source.timeNanoseconds, 1795218444092571000n);
    }
    for (const resolution of [undefined, 3, 6, 9, 0x80 | 20]) {
      const { messages } = await collect(pcapngFile(frames, { littleEndian, resolution }), {}, 13);
      t.strictSame(octetsOf({ messages, notices: [] }), expected);
      const { packet, timeNanoseconds = 0n } = messages[0].source;
      t.equal(packet, 1);
      const precision = resolution === 3 ? 1_000_000n : 1000n;
      const difference = 1795218444092571000n - timeNanoseconds;
      t.ok(difference >= 0n && difference < precision, `time at resolution ${resolution}`);
    }
  }
  const simple = pcapngFile(frames, { littleEndian: true, resolution: undefined, simple: true });
  t.strictSame(octetsOf(await collect(simple)), expected, 'simple packets, without time');
});

t.test('a broken pcapng is said in one line', async (t) => {
  const file = pcapngFile(framesOf(PCAP), { littleEndian: true, resolution: undefined });
  await t.rejects(collect(file.subarray(0, file.length - 3)), {
    message: /^Cannot read pcapng: the block at offset \d+ is cut off$/,
  });
  await t.rejects(collect(file.subarray(0, file.length + 3 - (file.length % 4) - 8)), /cut off/);
  const bad = file.slice();
  bad[4] = 13;
  await t.rejects(collect(bad), { message: 'Cannot read pcapng: the block at offset 0 says 13 octets' });
  const orphan = pcapngFile(framesOf(PCAP), {
    littleEndian: true,
    resolution: undefined,
    withoutInterface: true,
  });
  await t.rejects(collect(orphan), /of interface 0, which nothing describes/);
});

const at = (sequence: number, payload: Uint8Array, flags?: number): Frame => ({
  bytes: tcpFrame({ sequence, payload, ...(flags === undefined ? {} : { flags }) }),
});
const four = Uint8Array.from([...keepalive, ...keepalive, ...keepalive, ...keepalive]);
const all = Array.from({ length: 4 }, () => hexText(keepalive));
const piece = (from: number, to: number, base = 1000) => at(base + from, four.subarray(from, to));

async function fromFrames(frames: readonly Frame[]) {
  return collect(pcapFile(frames, { littleEndian: true, nanoseconds: false }));
}

t.test(
  'RFC 9293 section 3.4: TCP segments split, repeated, overlapping and out of order are put together',
  async (t) => {
    for (const [name, frames] of Object.entries({
      'an octet a segment': Array.from({ length: four.length }, (_, i) => piece(i, i + 1)),
      'out of order': [piece(0, 5), piece(50, 76), piece(20, 50), piece(5, 20)],
      'repeated and overlapping': [piece(0, 30), piece(0, 30), piece(10, 40), piece(30, 76), piece(0, 76)],
      'over the wrap of the sequence number': [piece(0, 30, 2 ** 32 - 40), piece(30, 76, 2 ** 32 - 40)],
      'after a SYN': [at(999, new Uint8Array(), 0x02), piece(40, 76), piece(0, 40)],
    })) {
      const { messages, notices } = await fromFrames(frames);
      t.strictSame(octetsOf({ messages, notices }), all, name);
      t.strictSame(notices, [], name);
    }
  },
);

t.test('octets that were not captured: the search begins anew after them, and it is said', async (t) => {
  const { messages, notices } = await fromFrames([
    piece(0, 25),
    piece(30, 76),
    at(5000, new Uint8Array(), 0x01),
  ]);
  t.equal(messages.length, 3, 'the second message is lost');
  t.match(notices.join('\n'), /5 octets were not captured/);
  const middle = await fromFrames([piece(7, 76)]);
  t.equal(middle.messages.length, 3, 'a capture that begins in the middle of a message');
  const end = await fromFrames([piece(0, 60)]);
  t.equal(end.messages.length, 3);
  t.match(end.notices.join('\n'), /at the end: 3 octets of a message whose rest was not captured/);
});

t.test('a connection that begins again on the same ports is another one', async (t) => {
  const syn = (sequence: number) => at(sequence, new Uint8Array(), 0x02);
  const { messages, notices } = await fromFrames([syn(999), piece(0, 30), syn(70_000), piece(0, 76, 70_001)]);
  t.equal(messages.length, 5);
  t.match(notices.join('\n'), /11 octets are no message, or the end of one/);
});

t.test('other ports: BGP is told by its first message; anything else is passed over', async (t) => {
  const bgp = await fromFrames([{ bytes: tcpFrame({ sequence: 1, payload: four, toPort: 1790 }) }]);
  t.equal(bgp.messages.length, 4);
  const other = await fromFrames([
    { bytes: tcpFrame({ sequence: 1, payload: new Uint8Array(100), toPort: 80 }) },
  ]);
  t.strictSame(other, { messages: [], notices: ['no BGP message was found'] });
});

t.test('frames of every link type; VLAN tags, IP options and extension headers', (t) => {
  const ip = tcpFrame({ sequence: 1, payload: keepalive }).subarray(14);
  const ip6 = tcpFrame({ sequence: 1, payload: keepalive, ipv6: true }).subarray(14);
  const of = (linkType: number, bytes: Iterable<number>): CapturedPacket => ({
    number: 1,
    timeNanoseconds: undefined,
    linkType,
    bytes: Uint8Array.from(bytes),
  });
  const macs = Array<number>(12).fill(2);
  const extension = [...ip6.slice(0, 6), 60, ...ip6.slice(7, 40), 6, 0, 0, 0, 0, 0, 0, 0, ...ip6.slice(40)];
  extension[5] += 8;
  for (const [name, packet] of Object.entries({
    ethernet: of(1, [...macs, 8, 0, ...ip]),
    'ethernet, IPv6': of(1, [...macs, 0x86, 0xdd, ...ip6]),
    'VLAN tag': of(1, [...macs, 0x81, 0, 0, 10, 8, 0, ...ip]),
    'two VLAN tags': of(1, [...macs, 0x88, 0xa8, 0, 10, 0x81, 0, 0, 20, 8, 0, ...ip]),
    'Linux cooked': of(113, [...Array<number>(14).fill(0), 8, 0, ...ip]),
    'Linux cooked, version 2': of(276, [8, 0, ...Array<number>(18).fill(0), ...ip]),
    loopback: of(0, [2, 0, 0, 0, ...ip]),
    'bare IPv4': of(101, ip),
    'bare IPv6': of(229, ip6),
    'IP options': of(101, [
      0x46,
      ...ip.slice(1, 3),
      ip[3] + 4,
      ...ip.slice(4, 20),
      1,
      1,
      1,
      1,
      ...ip.slice(20),
    ]),
    'extension header': of(101, extension),
    'length 0, from segmentation offload': of(101, [...ip.slice(0, 2), 0, 0, ...ip.slice(4)]),
    'padded to the least frame': of(1, [...macs, 8, 0, ...ip, 0, 0, 0]),
  })) {
    t.equal(hexText(tcpSegmentOf(packet)?.payload ?? new Uint8Array()), hexText(keepalive), name);
  }
  for (const [name, packet] of Object.entries({
    ARP: of(1, [...macs, 8, 6, ...ip]),
    UDP: of(101, [...ip.slice(0, 9), 17, ...ip.slice(10)]),
    'a fragment': of(101, [...ip.slice(0, 6), 0x20, 0, ...ip.slice(8)]),
    'cut off': of(101, ip.slice(0, 30)),
    empty: of(1, []),
    'IP version 5': of(101, [0x55, ...ip.slice(1)]),
    'an unknown link type': of(147, ip),
  })) {
    t.equal(tcpSegmentOf(packet), undefined, name);
  }
  t.end();
});

t.test('RFC 6793, RFC 7911: the OPENs of a connection settle how its UPDATEs are read', async (t) => {
  const open = (fourOctets: boolean, mode: 'send' | 'receive') =>
    encodeMessage({
      type: 'OPEN',
      version: 4,
      autonomousSystem: 65000,
      holdTimeSeconds: 9,
      routerId: '10.0.0.1',
      capabilities: [
        ...(fourOctets ? [{ type: 'four-octet-as' as const, autonomousSystem: 65000 }] : []),
        { type: 'add-path', families: [{ family: FAMILY.L2VPN_EVPN, mode }] },
      ],
    });
  for (const fourOctets of [true, false]) {
    const frames = [
      { bytes: tcpFrame({ sequence: 1, payload: open(true, 'send') }) },
      { bytes: tcpFrame({ sequence: 1, payload: open(fourOctets, 'receive'), reverse: true }) },
      { bytes: tcpFrame({ sequence: 1 + open(true, 'send').length, payload: keepalive }) },
      {
        bytes: tcpFrame({
          sequence: 1 + open(fourOctets, 'receive').length,
          payload: keepalive,
          reverse: true,
        }),
      },
    ];
    const { messages } = await fromFrames(frames);
    const [, , forth, back] = messages.map(({ ctx }) => ctx);
    t.equal(forth.fourOctetAs, fourOctets);
    t.strictSame(
      [...forth.addPathReceive],
      [FAMILY.L2VPN_EVPN],
      'from the one that sends to the one that receives',
    );
    t.strictSame([...back.addPathReceive], []);
    t.equal(forth.extendedMessage, false);
  }
  const { messages } = await collect(keepalive, {
    fourOctetAs: false,
    addPath: new Set([FAMILY.L2VPN_EVPN]),
  });
  t.equal(messages[0].ctx.fourOctetAs, false, 'without OPENs, as the options say');
  t.ok(messages[0].ctx.addPathReceive.has(FAMILY.L2VPN_EVPN));
});
