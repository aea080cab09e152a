/**
 * rtnetlink client: `NetlinkSocket` asks and writes, `NetlinkMonitor` hears. Encoders write one message each into a
 * MessageWriter; decoders read what follows a message's header.
 */
export * from './constants.ts';
export * from './forwarding-entries.ts';
export type { BridgeInfo, BridgePortInfo, PortVlan, VlanTunnel, VxlanInfo } from './link-info.ts';
export * from './links.ts';
export { type MessageVisitor, NetlinkError, walkMessages } from './message-reader.ts';
export { MessageWriter } from './message-writer.ts';
export * from './neighbours.ts';
export * from './netlink-monitor.ts';
export {
  type DumpOptions,
  type Encode,
  NetlinkSocket,
  type NetlinkSocketOptions,
} from './netlink-socket.ts';
export * from './routes.ts';
export { type BatchResult, type EntryFailure, UNKNOWN_RESULT } from './write-batch.ts';
