/**
 * Octets that outlive the message they came in.
 */

/**
 * A copy. Not `slice`: Node's sockets and files give Buffers, which are Uint8Arrays whose `slice` is a view into memory that
 * is soon used again.
 */
export function copyOctets(octets: Uint8Array, start = 0, end: number = octets.length): Uint8Array {
  return new Uint8Array(octets.subarray(start, end));
}
