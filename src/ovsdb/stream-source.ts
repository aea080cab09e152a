/** Where the streams of a session come from: dialled by us, or waited for. */
import type { Duplex } from 'node:stream';
import type { OvsdbError } from './errors.ts';

export interface StreamSource {
  /** For people: `tcp:10.0.0.5:6640`. */
  readonly name: string;
  /** The switch dials when it likes: an attempt has no end. */
  readonly waits: boolean;
  /** One stream, or an error. The returned function gives the attempt up. */
  connect(asker: StreamAsker): () => void;
  close(): void;
}

export interface StreamAsker {
  /** Once. */
  done(stream: Duplex | undefined, error?: OvsdbError): void;
  /** The stream in use is of an earlier life of the switch. */
  superseded(): void;
  /** Somebody dialled who is not let in: perhaps the switch that is waited for. */
  refused(error: OvsdbError): void;
}
