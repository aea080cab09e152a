/**
 * Connections to OVSDB servers: dialled by us, or by the switch (its Manager table). With TLS both sides show a certificate of
 * the same authority; the host name in it is not compared, since those that ovs-pki makes for switches hold none.
 *
 * RFC 7047 section 4 (transport), RFC 8446 section 4.4.2 (client certificates).
 */
import { readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { OvsdbEndpoint } from '../base/ovsdb-endpoint.ts';
import { connectionError, errorText, OvsdbError } from './errors.ts';

/** Files in PEM form, read anew for each connection, so that a renewed certificate counts at once. */
export interface TlsFiles {
  readonly caFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

interface TlsMaterial {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** @throws OvsdbError `certificate` naming the file that cannot be read */
function readTls(files: TlsFiles | undefined): TlsMaterial {
  if (!files) throw new OvsdbError('certificate', 'Cannot speak TLS: no certificate is configured');
  const read = (what: string, file: string): Buffer => {
    try {
      return readFileSync(file);
    } catch (cause) {
      throw new OvsdbError('certificate', `Cannot read ${what} ${file}: ${errorText(cause)}`, { cause });
    }
  };
  return {
    ca: read('CA certificate', files.caFile),
    cert: read('certificate', files.certificateFile),
    key: read('private key', files.keyFile),
  };
}

/** RFC 7047 has no say; TLS 1.2 is what ovsdb-server itself starts from. */
const TLS_MINIMUM = 'TLSv1.2';

/** Calls back once: with a stream that is ready to use, or with an error in words. Returns what gives the attempt up. */
export function dial(
  endpoint: OvsdbEndpoint,
  files: TlsFiles | undefined,
  done: (stream: Duplex | undefined, error?: OvsdbError) => void,
): () => void {
  let socket: net.Socket;
  let over = false;
  const finish = (stream: Duplex | undefined, error?: OvsdbError): void => {
    if (over) return;
    over = true;
    if (!stream) socket?.destroy();
    done(stream, error);
  };
  try {
    socket = open(endpoint, files);
  } catch (error) {
    const known = error instanceof OvsdbError ? error : tlsError(error);
    over = true;
    done(undefined, known);
    return () => {};
  }
  const ready = endpoint.kind === 'ssl' ? 'secureConnect' : 'connect';
  // An error after the attempt was given up must still have a listener.
  socket.on('error', (error) => finish(undefined, connectionError(error)));
  socket.once('close', () =>
    finish(undefined, new OvsdbError('disconnected', 'the switch closed the connection')),
  );
  socket.once(ready, () => {
    socket.setNoDelay(true);
    finish(socket);
  });
  return () => {
    over = true;
    socket.destroy();
  };
}

function open(endpoint: OvsdbEndpoint, files: TlsFiles | undefined): net.Socket {
  if (endpoint.kind === 'unix') return net.connect({ path: endpoint.path });
  const { host, port } = endpoint;
  if (endpoint.kind === 'tcp') return net.connect({ host, port });
  return tls.connect({
    host,
    port,
    ...readTls(files),
    minVersion: TLS_MINIMUM,
    rejectUnauthorized: true,
    checkServerIdentity: () => undefined,
  });
}

/** Where switches dial us. */
export interface Listener {
  /** The port it has, which differs from the endpoint's when that was 0. */
  readonly port: number;
  close(): void;
}

/** Resolves when it listens. `accepted` gets streams with the address of the peer whose certificate, if any, is good; `refused` says why others are not. */
export function listen(
  endpoint: OvsdbEndpoint,
  files: TlsFiles | undefined,
  accepted: (stream: Duplex, peer: string) => void,
  refused: (error: OvsdbError) => void,
): Promise<Listener> {
  const server = makeServer(endpoint, files, accepted, refused);
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  const place =
    endpoint.kind === 'unix' ? { path: endpoint.path } : { host: endpoint.host, port: endpoint.port };
  if (endpoint.kind === 'unix') rmSync(endpoint.path, { force: true });
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(connectionError(error)));
    server.listen(place, () => {
      const address = server.address();
      server.on('error', (error: Error) => refused(connectionError(error)));
      resolve({
        port: typeof address === 'object' && address ? address.port : 0,
        close: () => {
          server.close();
          for (const socket of sockets) socket.destroy();
        },
      });
    });
  });
}

function makeServer(
  endpoint: OvsdbEndpoint,
  files: TlsFiles | undefined,
  accepted: (stream: Duplex, peer: string) => void,
  refused: (error: OvsdbError) => void,
): net.Server {
  const take = (socket: net.Socket): void => {
    socket.setNoDelay(true);
    accepted(socket, socket.remoteAddress ?? 'this machine');
  };
  if (endpoint.kind !== 'ssl') return net.createServer(take);
  // Refused here and not by the library, which would only say that the connection was reset.
  const server = tls.createServer(
    { ...readTls(files), minVersion: TLS_MINIMUM, requestCert: true, rejectUnauthorized: false },
    (socket) => {
      if (socket.authorized) {
        take(socket);
        return;
      }
      const from = socket.remoteAddress ?? 'a switch';
      const why = socket.getPeerCertificate().raw ? String(socket.authorizationError) : 'it shows none';
      socket.destroy();
      refused(new OvsdbError('certificate', `TLS failed: the certificate of ${from} is refused: ${why}`));
    },
  );
  server.on('tlsClientError', (error) => refused(tlsError(error)));
  return server;
}

/** Of the library, before or during the handshake: whose fault it was is in its words. */
function tlsError(cause: unknown): OvsdbError {
  const known = cause instanceof Error ? connectionError(cause) : undefined;
  if (known?.code === 'certificate') return known;
  return new OvsdbError('certificate', `TLS failed: ${errorText(cause)}`, { cause });
}
