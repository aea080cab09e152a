/**
 * Netlink sockets with their options set: for requests, and for notifications. linux/netlink.h.
 */
import { SystemCallError } from '../base/errno.ts';
import { bindSocket, closeDescriptor, openSocket, SOCKET, setSocketOption } from '../base/system-calls.ts';
import {
  NETLINK_ADD_MEMBERSHIP,
  NETLINK_CAP_ACK,
  NETLINK_EXT_ACK,
  NETLINK_GET_STRICT_CHK,
  NETLINK_ROUTE,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SOL_NETLINK,
} from './constants.ts';
import { putHostU16 } from './octets.ts';

/** sockaddr_nl: family u16, padding u16, port id u32 (0: chosen by the kernel), groups u32. */
const SOCKADDR_NL_OCTETS = 12;

/** Whether a receive failed because answers or notifications were lost. */
export const isOverrun = (error: unknown): boolean =>
  error instanceof SystemCallError && error.code === 'ENOBUFS';

/** A netlink socket for requests, with errors in words and dumps filtered as asked. */
export function openRequestSocket(receiveBufferOctets: number): number {
  const type = SOCKET.SOCK_RAW | SOCKET.SOCK_NONBLOCK;
  const fd = openSocket(SOCKET.AF_NETLINK, type, NETLINK_ROUTE, 'open a netlink socket');
  try {
    for (const option of [NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK]) {
      setSocketOption(fd, SOL_NETLINK, option, 1, `set netlink option ${option}`);
    }
    setReceiveBuffer(fd, receiveBufferOctets);
    return fd;
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
}

/** Past the system-wide limit where the process may (CAP_NET_ADMIN), else up to it. */
function setReceiveBuffer(fd: number, octets: number): void {
  try {
    setSocketOption(fd, SOCKET.SOL_SOCKET, SO_RCVBUFFORCE, octets, 'set the receive buffer');
  } catch {
    setSocketOption(fd, SOCKET.SOL_SOCKET, SO_RCVBUF, octets, 'set the receive buffer');
  }
}

/** A netlink socket that hears `groups` (RTNLGRP_*). */
export function openMonitorSocket(groups: readonly number[], receiveBufferOctets: number): number {
  const type = SOCKET.SOCK_RAW | SOCKET.SOCK_NONBLOCK;
  const fd = openSocket(SOCKET.AF_NETLINK, type, NETLINK_ROUTE, 'open a netlink monitor');
  try {
    setReceiveBuffer(fd, receiveBufferOctets);
    const address = new Uint8Array(SOCKADDR_NL_OCTETS);
    putHostU16(address, 0, SOCKET.AF_NETLINK);
    bindSocket(fd, address, 'bind a netlink monitor');
    for (const group of groups) {
      setSocketOption(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group, `hear netlink group ${group}`);
    }
    return fd;
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
}
