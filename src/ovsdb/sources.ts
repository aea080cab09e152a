/** Where the streams of a session come from: each dialled by us, or handed over by a port that switches dial. */
import type { OvsdbEndpoint } from '../base/ovsdb-endpoint.ts';
import { printEndpoint } from '../base/ovsdb-endpoint.ts';
import type { PassivePort } from './passive-port.ts';
import type { StreamSource } from './stream-source.ts';
import { dial, type TlsFiles } from './transport.ts';

export function activeSource(endpoint: OvsdbEndpoint, files?: TlsFiles): StreamSource {
  return {
    name: printEndpoint(endpoint),
    waits: false,
    connect: ({ done }) => dial(endpoint, files, done),
    close: () => {},
  };
}

/** The streams on `port` of the switch of that name. The port is opened with the first attempt, and shared. */
export function passiveSource(port: PassivePort, switchName: string): StreamSource {
  return {
    name: port.name,
    waits: true,
    connect: (asker) => port.wait(switchName, asker),
    close: () => port.forget(switchName),
  };
}
