import { spawnSync } from 'node:child_process';
import dgram from 'node:dgram';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import t from 'tap';
import { DatagramBatch, DatagramSender } from '../../src/base/datagrams.ts';
import { errnoName, SystemCallError } from '../../src/base/errno.ts';
import { ip } from '../../src/base/ip.ts';
import { systemCallsAvailable } from '../../src/base/libc.ts';
import {
  bindSocket,
  closeDescriptor,
  getSocketOption,
  inNetworkNamespace,
  interfaceIndex,
  openSocket,
  SOCKET,
  setSocketOption,
} from '../../src/base/system-calls.ts';
import {
  applyTcpOptions,
  descriptorOf,
  localPortOf,
  openTcpListener,
  openTcpSocket,
  setMd5Key,
  setMinTtl,
  type TcpConnectOptions,
} from '../../src/base/tcp-socket.ts';

const noLibc = systemCallsAvailable() ? false : 'libc cannot be loaded here';
const noIpv6 = readIpv6() ? false : 'no IPv6 loopback here';
const noRoot = process.getuid?.() === 0 ? false : 'network namespaces need root';

function readIpv6(): boolean {
  try {
    return readFileSync('/proc/net/if_inet6', 'utf8').includes('lo\n');
  } catch {
    return false;
  }
}

function listen(fd: number): Promise<net.Server> {
  const server = net.createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ fd }, () => resolve(server));
  });
}

/** Connects with options; resolves to the connected socket or the error's code. */
function connect(
  host: string,
  port: number,
  options: Partial<TcpConnectOptions>,
): Promise<net.Socket | string> {
  const fd = openTcpSocket({ peerAddress: ip(host), ...options });
  const socket = new net.Socket({ fd, readable: true, writable: true });
  return new Promise((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.connect({ host, port }, () => resolve(socket));
  });
}

async function accepted(server: net.Server, dial: Promise<net.Socket | string>): Promise<net.Socket> {
  const arrival = new Promise<net.Socket>((resolve) => server.once('connection', resolve));
  const dialled = await dial;
  if (typeof dialled === 'string') throw new Error(`connection failed: ${dialled}`);
  const socket = await arrival;
  dialled.destroy();
  return socket;
}

t.test('importing needs neither libc nor koffi: only using them fails, and says why', async (t) => {
  const script = `
    Object.defineProperty(process, 'platform', { value: 'sunos' });
    const { openSocket } = await import('${new URL('../../src/base/system-calls.ts', import.meta.url).href}');
    const { systemCallsAvailable } = await import('${new URL('../../src/base/libc.ts', import.meta.url).href}');
    try { openSocket(2, 1, 0, 'x') } catch (e) { console.log(e.code + ' ' + e.message + ' ' + systemCallsAvailable()) }`;
  const run = spawnSync(process.execPath, ['--import=tsx', '--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { ...process.env, TMPDIR: tmpdir() },
  });
  t.match(run.stdout, /^ERR_SYSTEM_CALLS_UNAVAILABLE Cannot load libc on sunos-\w+: .* false$/m, run.stderr);
});

t.test('system calls', { skip: noLibc }, async (t) => {
  t.test('a failure names the action, the call and the errno', async (t) => {
    const failure = { call: 'socket', code: 'EAFNOSUPPORT', errno: 97, name: 'SystemCallError' };
    t.throws(() => openSocket(99, 1, 0, 'open a socket of family 99'), failure);
    try {
      openSocket(99, 1, 0, 'open a socket of family 99');
    } catch (error) {
      t.ok(error instanceof SystemCallError);
      t.match(
        (error as Error).message,
        /^Cannot open a socket of family 99: socket failed with EAFNOSUPPORT \(/,
      );
    }
    t.equal(errnoName(105), 'ENOBUFS');
    t.equal(errnoName(524), 'errno 524', 'kernel-internal numbers have no name');
  });

  t.test('socket options are read back as set', async (t) => {
    const fd = openSocket(SOCKET.AF_INET, SOCKET.SOCK_STREAM, 0, 'open');
    t.teardown(() => closeDescriptor(fd));
    applyTcpOptions(fd, 4, { ttl: 255, tos: 0xc0, minTtl: 254, userTimeoutMilliseconds: 30_000 });
    t.equal(getSocketOption(fd, 0, 2, 'read IP_TTL'), 255);
    t.equal(getSocketOption(fd, 0, 1, 'read IP_TOS'), 0xc0);
    t.equal(getSocketOption(fd, 0, 21, 'read IP_MINTTL'), 254);
    t.equal(getSocketOption(fd, 6, 18, 'read TCP_USER_TIMEOUT'), 30_000);
    t.throws(() => setSocketOption(fd, 9999, 1, 1, 'set nonsense'), {
      code: 'ENOPROTOOPT',
      message: /setsockopt/,
    });
  });

  t.test('a batch receives the datagrams that wait, and says which were cut', async (t) => {
    const fd = openSocket(SOCKET.AF_INET, SOCKET.SOCK_DGRAM, 0, 'open');
    t.teardown(() => closeDescriptor(fd));
    const loopback = new Uint8Array(16);
    loopback.set(new Uint8Array(new Uint16Array([SOCKET.AF_INET]).buffer));
    loopback.set([127, 0, 0, 1], 4);
    bindSocket(fd, loopback, 'bind');
    const batch = new DatagramBatch(2, 8);
    t.equal(batch.receive(fd, 'receive'), 0, 'nothing waits: no error');
    const sender = dgram.createSocket('udp4');
    for (const text of ['first', 'the second is too long', 'third']) {
      await new Promise((resolve) => sender.send(text, localPortOf(fd), '127.0.0.1', resolve));
    }
    sender.close();
    const texts = (count: number) =>
      Array.from({ length: count }, (_, i) => {
        const octets = batch.bytes.subarray(batch.start(i), Math.min(batch.end(i), batch.start(i) + 8));
        return [Buffer.from(octets).toString(), batch.isTruncated(i)];
      });
    t.same(texts(batch.receive(fd, 'receive')), [
      ['first', false],
      ['the seco', true],
    ]);
    t.same(texts(batch.receive(fd, 'receive')), [['third', false]]);
    t.equal(batch.receive(fd, 'receive'), 0);
    t.throws(() => batch.receive(-1, 'receive from nothing'), { code: 'EBADF', message: /recvmmsg/ });
  });

  t.test('several datagrams are sent by one call; what was not sent is told by its number', async (t) => {
    const receiver = dgram.createSocket('udp4');
    t.teardown(() => receiver.close());
    await new Promise<void>((resolve) => receiver.bind(0, '127.0.0.1', resolve));
    const fd = openSocket(SOCKET.AF_INET, SOCKET.SOCK_DGRAM, 0, 'open');
    const socket = dgram.createSocket('udp4');
    t.teardown(() => socket.close());
    await new Promise<void>((resolve) => socket.bind({ fd, exclusive: true }, resolve));
    await new Promise<void>((resolve) => socket.connect(receiver.address().port, '127.0.0.1', resolve));
    const slots = [new Uint8Array(4096).fill(1), new Uint8Array(4096).fill(2), new Uint8Array(100_000)];
    const heard: string[] = [];
    const two = new Promise<void>((resolve) => {
      receiver.on('message', (message) => {
        heard.push(`${message.length} of ${message[0]}`);
        if (heard.length === 2) resolve();
      });
    });
    const sender = new DatagramSender(slots);
    t.equal(await sender.send(fd, [3, 4000, 100_000]), 2, 'the third is too long for a datagram');
    await two;
    t.same(heard, ['3 of 1', '4000 of 2']);
    t.equal(await sender.send(-1, [3]), 0);
  });

  t.test('the loopback interface has an index, a missing one has none', async (t) => {
    t.ok(interfaceIndex('lo'));
    t.equal(interfaceIndex('no-such-device'), undefined);
  });
});

t.test('TCP sockets', { skip: noLibc }, async (t) => {
  for (const [host, family, skip] of [
    ['127.0.0.1', 4, false],
    ['::1', 6, noIpv6],
  ] as const) {
    t.test(`IPv${family}`, { skip }, async (t) => {
      const listenFd = openTcpListener({ address: ip(host), port: 0, tos: 0xc0, ttl: 255 });
      const port = localPortOf(listenFd);
      const server = await listen(listenFd);
      t.teardown(() => server.close());
      t.equal(descriptorOf(server), listenFd, 'node keeps the descriptor, so options can follow later');

      t.test('local address, TTL and traffic class hold before the first segment', async (t) => {
        const options = { localAddress: ip(host), ttl: 255, tos: 0xc0, userTimeoutMilliseconds: 5000 };
        const socket = await accepted(server, connect(host, port, options));
        const fd = descriptorOf(socket)!;
        t.equal(socket.remoteAddress, host);
        const [level, ttl, tos] = family === 4 ? [0, 2, 1] : [41, 16, 67];
        t.equal(getSocketOption(fd, level!, ttl!, 'read TTL'), 255, 'inherited from the listener');
        t.equal(getSocketOption(fd, level!, tos!, 'read TOS'), 0xc0, 'inherited from the listener');
        setMinTtl(fd, family, 255);
        t.equal(getSocketOption(fd, level!, family === 4 ? 21 : 73, 'read least TTL'), 255);
        socket.destroy();
      });

      t.test(
        'RFC 5082 section 3: with GTSM on the listener a TTL of 64 does not connect, 255 does',
        async (t) => {
          setMinTtl(listenFd, family, 255);
          t.teardown(() => setMinTtl(listenFd, family, 0));
          t.equal(await connect(host, port, { ttl: 64, userTimeoutMilliseconds: 300 }), 'ETIMEDOUT');
          (await accepted(server, connect(host, port, { ttl: 255 }))).destroy();
        },
      );

      t.test('RFC 2385: the right key connects; a wrong one or none stays unanswered', async (t) => {
        setMd5Key(listenFd, ip(host), undefined, 'fabric');
        const patience = { userTimeoutMilliseconds: 300 };
        const strangers = [
          connect(host, port, { ...patience, md5Password: 'other' }),
          connect(host, port, patience),
        ];
        t.same(await Promise.all(strangers), ['ETIMEDOUT', 'ETIMEDOUT']);
        (await accepted(server, connect(host, port, { md5Password: 'fabric' }))).destroy();
        setMd5Key(listenFd, ip(host), undefined, undefined);
        (await accepted(server, connect(host, port, {}))).destroy();
        t.throws(() => setMd5Key(listenFd, ip(host), undefined, undefined), { code: 'ENOENT' });
      });

      t.test('RFC 2385: a key for a prefix covers every peer within it, on a live listener', async () => {
        const prefix = family === 4 ? [ip('127.0.0.0'), 8] : [ip('::'), 64];
        setMd5Key(listenFd, prefix[0] as Uint8Array, prefix[1] as number, 'range');
        (await accepted(server, connect(host, port, { md5Password: 'range' }))).destroy();
        setMd5Key(listenFd, prefix[0] as Uint8Array, prefix[1] as number, undefined);
        (await accepted(server, connect(host, port, {}))).destroy();
      });
    });
  }

  t.test('a key must have 1 to 80 octets', async (t) => {
    const fd = openTcpListener({ address: ip('127.0.0.1'), port: 0 });
    t.teardown(() => closeDescriptor(fd));
    t.throws(() => setMd5Key(fd, ip('127.0.0.1'), undefined, ''), RangeError);
    t.throws(() => setMd5Key(fd, ip('127.0.0.1'), undefined, 'x'.repeat(81)), /length is 81 octets/);
    setMd5Key(fd, ip('127.0.0.1'), undefined, 'x'.repeat(80));
  });

  t.test(
    'a device that does not exist, and an address that is not ours, fail at once and leak nothing',
    async (t) => {
      const peerAddress = ip('127.0.0.1');
      t.throws(() => openTcpSocket({ peerAddress, device: 'no-such-device' }), {
        code: 'ENODEV',
        message: /Cannot bind to device no-such-device/,
      });
      const before = nextDescriptor();
      t.throws(() => openTcpSocket({ peerAddress, localAddress: ip('192.0.2.1') }), {
        code: 'EADDRNOTAVAIL',
        message: /Cannot bind to local address 192\.0\.2\.1 port 0/,
      });
      t.equal(nextDescriptor(), before);
    },
  );

  t.test(
    'a port that is taken fails with EADDRINUSE, except by the other IP family',
    { skip: noIpv6 },
    async (t) => {
      const fd = openTcpListener({ address: ip('0.0.0.0'), port: 0 });
      const server = await listen(fd);
      t.teardown(() => server.close());
      const port = localPortOf(fd);
      t.throws(() => openTcpListener({ address: ip('0.0.0.0'), port }), { code: 'EADDRINUSE' });
      const both = openTcpListener({ address: ip('::'), port });
      closeDescriptor(both);
    },
  );
});

function nextDescriptor(): number {
  const fd = openSocket(SOCKET.AF_INET, SOCKET.SOCK_STREAM, 0, 'open');
  closeDescriptor(fd);
  return fd;
}

t.test('network namespaces', { skip: noLibc || noRoot }, async (t) => {
  const name = `evpnd-sc-${process.pid}`;
  const made = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' });
  if (made.status !== 0) return void t.pass(`skipped: ip netns add: ${made.stderr ?? made.error}`);
  t.teardown(() => spawnSync('ip', ['netns', 'del', name]));
  spawnSync('ip', ['-n', name, 'link', 'add', 'only-here', 'type', 'bridge']);

  t.ok(inNetworkNamespace(name, () => interfaceIndex('only-here')));
  t.equal(interfaceIndex('only-here'), undefined, 'back at home afterwards');
  t.throws(() =>
    inNetworkNamespace(name, () => {
      throw new Error('inside');
    }),
  );
  t.equal(interfaceIndex('only-here'), undefined, 'back at home after a throw, too');
  t.throws(() => inNetworkNamespace('no-such-namespace', () => 0), { code: 'ENOENT' });
});
