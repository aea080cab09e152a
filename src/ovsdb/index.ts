/** A client of OVSDB (RFC 7047) for programs that live long: one session per server, told by a monitor, written by transactions. */
export { OVSDB_PORT, type OvsdbEndpoint, parseEndpoint, printEndpoint } from '../base/ovsdb-endpoint.ts';
export { errorText, OvsdbError, type OvsdbErrorCode } from './errors.ts';
export { FRAMING_LIMITS, type FramingLimits, JsonFraming } from './json-framing.ts';
export { PassivePort } from './passive-port.ts';
export { TableReplica } from './replica.ts';
export type { SchemaInfo, WantedTable, WantedTables } from './schema.ts';
export { OvsdbSession, type SessionOptions, type SessionState } from './session.ts';
export { inSlices } from './slices.ts';
export { activeSource, passiveSource } from './sources.ts';
export type { StreamAsker, StreamSource } from './stream-source.ts';
export { failureOf, type OperationResult, type TransactionFailure } from './transaction.ts';
export type { Listener, TlsFiles } from './transport.ts';
export type { MonitorSink } from './updates.ts';
export * from './values.ts';
