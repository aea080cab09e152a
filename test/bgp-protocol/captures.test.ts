/**
 * Real speakers: every message in rfc-fixtures/captures decodes without a fault, and encodes to the octets it came from, up
 * to the forms that are valid but not canonical. tshark, where it is installed, sees the same fields.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  ATTRIBUTE,
  type Attribute,
  decodeBody,
  encodeMessage,
  Framer,
  hexText,
  MESSAGE_TYPE,
  type Message,
  type UpdateMessage,
} from 'bgp-protocol';
import t from 'tap';
import { captureStreams } from './capture.ts';
import { plain } from './fixture-files.ts';

const FOLDER = new URL('../../rfc-fixtures/captures/', import.meta.url);
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.pcap'));

interface CapturedMessage {
  readonly type: number;
  readonly octets: Uint8Array;
  readonly value: Message;
}

function messagesOf(file: string): CapturedMessage[] {
  return captureStreams(new URL(file, FOLDER)).flatMap(({ octets }) => {
    const messages: CapturedMessage[] = [];
    const framer = new Framer(
      (type, bytes, start, end) => {
        const value = decodeBody(type, bytes, start, end);
        messages.push({ type, octets: bytes.slice(start - 19, end), value });
      },
      { maxLength: 4096 },
    );
    framer.push(octets);
    return messages;
  });
}

/**
 * The octets of an UPDATE in canonical form, made without the codec: attributes with MP_REACH_NLRI first and the others in
 * ascending order, extended length where it is needed and in MP_REACH_NLRI and MP_UNREACH_NLRI. So differ: FRR (extended length
 * in an empty AS_PATH), GoBGP (MP_REACH_NLRI in its numeric place, without extended length).
 */
function canonical(octets: Uint8Array): string {
  const endOfRib = octets.length === 30 && octets[23 + 1] === ATTRIBUTE.MP_UNREACH_NLRI;
  const attributes: { code: number; text: string }[] = [];
  const withdrawnEnd = 21 + ((octets[19] << 8) | octets[20]);
  const end = withdrawnEnd + 2 + ((octets[withdrawnEnd] << 8) | octets[withdrawnEnd + 1]);
  for (let at = withdrawnEnd + 2; at < end; ) {
    const extended = (octets[at] & 0x10) !== 0;
    const length = extended ? (octets[at + 2] << 8) | octets[at + 3] : octets[at + 2];
    const valueAt = at + (extended ? 4 : 3);
    const code = octets[at + 1];
    const multiprotocol = code === ATTRIBUTE.MP_REACH_NLRI || code === ATTRIBUTE.MP_UNREACH_NLRI;
    const wide = length > 255 || (multiprotocol && !endOfRib);
    const header = [
      (octets[at] & 0xef) | (wide ? 0x10 : 0),
      code,
      ...(wide ? [length >> 8] : []),
      length & 0xff,
    ];
    attributes.push({
      code,
      text: hexText(Uint8Array.from(header)) + hexText(octets, valueAt, valueAt + length),
    });
    at = valueAt + length;
  }
  const rank = (code: number) => (code === ATTRIBUTE.MP_REACH_NLRI ? -1 : code);
  attributes.sort((a, b) => rank(a.code) - rank(b.code));
  return `${hexText(octets, 19, withdrawnEnd)} ${attributes.map(({ text }) => text).join(' ')} ${hexText(octets, end)}`;
}

t.test('every message decodes without a fault and encodes to what it was', (t) => {
  let identical = 0;
  let updates = 0;
  for (const file of FILES) {
    for (const { type, octets, value } of messagesOf(file)) {
      const back = encodeMessage(value);
      if (hexText(back) === hexText(octets)) identical++;
      if (type === MESSAGE_TYPE.UPDATE) {
        updates++;
        t.same((value as UpdateMessage).faults, [], `${file}: no fault`);
        t.equal(canonical(back), canonical(octets), `${file}: the same UPDATE`);
      } else if (type === MESSAGE_TYPE.OPEN) {
        // FRR puts each capability into an optional parameter of its own: RFC 5492 section 4 allows both.
        t.same(plain(decodeBody(type, back, 19, back.length)), plain(value), `${file}: the same OPEN`);
      } else {
        t.equal(hexText(back), hexText(octets), `${file}: the same octets`);
      }
    }
  }
  t.ok(updates > 250, `${updates} UPDATEs`);
  t.ok(identical > 250, `${identical} messages to the octet`);
  t.end();
});

/** tshark's field, and where our values have it. */
const FIELDS: Readonly<Record<string, (message: UpdateMessage) => readonly (string | number | undefined)[]>> =
  {
    'bgp.evpn.nlri.rt': (update) => routesOf(update).map((route) => field(route, 'routeType')),
    'bgp.evpn.nlri.mac_addr': (update) => routesOf(update).map((route) => field(route, 'mac')),
    'bgp.evpn.nlri.etag': (update) => routesOf(update).map((route) => field(route, 'ethernetTag')),
    'bgp.update.path_attribute.local_pref': (update) =>
      attributesOf(update, 'LOCAL_PREF').map(({ value }) => value),
    'bgp.update.path_attribute.originator_id': (update) =>
      attributesOf(update, 'ORIGINATOR_ID').map(({ routerId }) => routerId),
    'bgp.update.path_attribute.multi_exit_disc': (update) =>
      attributesOf(update, 'MED').map(({ value }) => value),
    'bgp.update.path_attribute.as_path_segment.as4': (update) =>
      attributesOf(update, 'AS_PATH').flatMap(({ segments }) =>
        segments.flatMap((each) => each.autonomousSystems),
      ),
    'bgp.update.path_attribute.pmsi.tunnel.type': (update) =>
      attributesOf(update, 'PMSI_TUNNEL').map(({ tunnelType }) => tunnelType),
    'bgp.update.path_attribute.pmsi.ingress_rep_ip': (update) =>
      attributesOf(update, 'PMSI_TUNNEL').map(({ endpoint }) =>
        endpoint?.includes(':') ? undefined : endpoint,
      ),
  };

function routesOf(update: UpdateMessage): readonly object[] {
  return [...update.withdrawn, ...update.announced].flatMap(({ routes }) => routes);
}

function field(route: object, name: string): string | number | undefined {
  return (route as Record<string, string | number | undefined>)[name];
}

function attributesOf<T extends Attribute['type']>(
  update: UpdateMessage,
  type: T,
): readonly Extract<Attribute, { type: T }>[] {
  return update.attributes.filter((each): each is Extract<Attribute, { type: T }> => each.type === type);
}

/** The words of a column of tshark's, sorted. */
function tsharkColumn(file: string, name: string): string[] | undefined {
  const path = fileURLToPath(new URL(file, FOLDER));
  const options = ['-r', path, '-Y', 'bgp', '-T', 'fields', '-E', 'aggregator=;', '-e', name];
  const { status, stdout } = spawnSync('tshark', options, { encoding: 'utf8' });
  if (status !== 0) return undefined;
  return stdout
    .split(/[;\n]/)
    .filter((word) => word !== '')
    .map((word) => (/^0x/.test(word) ? String(Number(word)) : word))
    .sort();
}

const noTshark = spawnSync('tshark', ['--version']).status !== 0 && 'tshark is not installed';

t.test('tshark sees the same fields', { skip: noTshark, timeout: 180_000 }, (t) => {
  const files = [
    'gobgp-types-1-2-3-4-5-announce-withdraw.pcap',
    'open-eor-frr-leaf1-to-frr-rr.pcap',
    'ebgp-frr-leaf1-frr-spine.pcap',
    'mac-mobility-seen-at-leaf1.pcap',
  ];
  for (const file of files) {
    const updates = messagesOf(file)
      .map(({ value }) => value)
      .filter((message): message is UpdateMessage => message.type === 'UPDATE');
    for (const [name, valuesOf] of Object.entries(FIELDS)) {
      const ours = updates
        .flatMap(valuesOf)
        .filter((value) => value !== undefined)
        .map(String)
        .sort();
      t.same(ours, tsharkColumn(file, name), `${file}: ${name}`);
    }
  }
  t.end();
});
