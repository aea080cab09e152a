/** Packets and capture files made for tests. */

export interface Frame {
  /** Ethernet. */
  readonly bytes: Uint8Array;
  readonly seconds?: number;
  readonly microseconds?: number;
}

/** The frames of a little-endian pcap file with microseconds. */
export function framesOf(pcap: Uint8Array): readonly Frame[] {
  const view = new DataView(pcap.buffer, pcap.byteOffset, pcap.length);
  const frames: Frame[] = [];
  for (let at = 24; at < pcap.length; ) {
    const length = view.getUint32(at + 8, true);
    const bytes = pcap.slice(at + 16, at + 16 + length);
    frames.push({ bytes, seconds: view.getUint32(at, true), microseconds: view.getUint32(at + 4, true) });
    at += 16 + length;
  }
  return frames;
}

class Out {
  readonly octets: number[] = [];
  readonly littleEndian: boolean;

  constructor(littleEndian: boolean) {
    this.littleEndian = littleEndian;
  }

  number(value: number | bigint, size: 2 | 4 | 8): this {
    const view = new DataView(new ArrayBuffer(8));
    if (size === 8) view.setBigUint64(0, BigInt(value), this.littleEndian);
    else if (size === 4) view.setUint32(0, Number(value), this.littleEndian);
    else view.setUint16(0, Number(value), this.littleEndian);
    return this.bytes(new Uint8Array(view.buffer, 0, size));
  }

  bytes(octets: Uint8Array): this {
    for (const octet of octets) this.octets.push(octet);
    return this;
  }

  padded(): this {
    while (this.octets.length % 4 !== 0) this.octets.push(0);
    return this;
  }
}

export function pcapFile(
  frames: readonly Frame[],
  { littleEndian, nanoseconds }: { readonly littleEndian: boolean; readonly nanoseconds: boolean },
): Uint8Array {
  const out = new Out(littleEndian);
  out
    .number(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, 4)
    .number(2, 2)
    .number(4, 2);
  out.number(0, 4).number(0, 4).number(65535, 4).number(1, 4);
  for (const { bytes, seconds = 0, microseconds = 0 } of frames) {
    out.number(seconds, 4).number(nanoseconds ? microseconds * 1000 : microseconds, 4);
    out.number(bytes.length, 4).number(bytes.length, 4).bytes(bytes);
  }
  return Uint8Array.from(out.octets);
}

export function pcapngFile(
  frames: readonly Frame[],
  options: {
    readonly littleEndian: boolean;
    /** if_tsresol; undefined leaves the option out. */
    readonly resolution: number | undefined;
    readonly simple?: boolean;
    readonly withoutInterface?: boolean;
  },
): Uint8Array {
  const { littleEndian, resolution, simple, withoutInterface } = options;
  const file = new Out(littleEndian);
  const block = (type: number, fill: (body: Out) => void) => {
    const body = new Out(littleEndian);
    fill(body);
    body.padded();
    const length = body.octets.length + 12;
    file.number(type, 4).number(length, 4).bytes(Uint8Array.from(body.octets)).number(length, 4);
  };
  block(0x0a0d0d0a, (body) =>
    body.number(0x1a2b3c4d, 4).number(1, 2).number(0, 2).number(0xffffffffffffffffn, 8),
  );
  if (!withoutInterface) {
    block(1, (body) => {
      body.number(1, 2).number(0, 2).number(0, 4);
      body.number(2, 2).number(4, 2).bytes(new TextEncoder().encode('eth0'));
      if (resolution !== undefined) body.number(9, 2).number(1, 2).bytes(Uint8Array.of(resolution)).padded();
      body.number(0, 4);
    });
  }
  block(0x0bad, (body) => body.number(7, 4));
  const unitsPerSecond = unitsOf(resolution ?? 6);
  for (const { bytes, seconds = 0, microseconds = 0 } of frames) {
    const units = BigInt(seconds) * unitsPerSecond + (BigInt(microseconds) * unitsPerSecond) / 1_000_000n;
    if (simple) block(3, (body) => body.number(bytes.length, 4).bytes(bytes));
    else {
      block(6, (body) => {
        body
          .number(0, 4)
          .number(units >> 32n, 4)
          .number(units & 0xffffffffn, 4);
        body.number(bytes.length, 4).number(bytes.length, 4).bytes(bytes).padded();
        body.number(1, 2).number(2, 2).bytes(new TextEncoder().encode('hi')).padded().number(0, 4);
      });
    }
  }
  return Uint8Array.from(file.octets);
}

function unitsOf(resolution: number): bigint {
  return (resolution & 0x80 ? 2n : 10n) ** BigInt(resolution & 0x7f);
}

export interface TcpFrame {
  readonly sequence: number;
  readonly payload: Uint8Array;
  readonly flags?: number;
  readonly fromPort?: number;
  readonly toPort?: number;
  readonly ipv6?: boolean;
  /** From the server to the client. */
  readonly reverse?: boolean;
}

/** An Ethernet frame with a TCP segment; checksums zero. */
export function tcpFrame({
  sequence,
  payload,
  flags = 0x18,
  fromPort = 40000,
  toPort = 179,
  ipv6,
  reverse,
}: TcpFrame): Uint8Array {
  const ports = reverse ? [toPort, fromPort] : [fromPort, toPort];
  const hosts = reverse ? [2, 1] : [1, 2];
  const out = new Out(false);
  out.bytes(new Uint8Array(12)).number(ipv6 ? 0x86dd : 0x0800, 2);
  const length = 20 + payload.length;
  if (ipv6) {
    out.number(0x60000000, 4).number(length, 2).bytes(Uint8Array.of(6, 64));
    for (const host of hosts) out.number(0xfd000000, 4).number(0, 8).number(host, 4);
  } else {
    out
      .number(0x4500, 2)
      .number(20 + length, 2)
      .number(0, 4)
      .bytes(Uint8Array.of(64, 6))
      .number(0, 2);
    for (const host of hosts) out.bytes(Uint8Array.of(10, 0, 0, host));
  }
  out
    .number(ports[0], 2)
    .number(ports[1], 2)
    .number(sequence >>> 0, 4)
    .number(0, 4);
  out.bytes(Uint8Array.of(0x50, flags)).number(0, 2).number(0, 4).bytes(payload);
  return Uint8Array.from(out.octets);
}
