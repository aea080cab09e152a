/** A fixed piece of work, by whose time one knows how fast the machine is in this minute, and whether others use it. */

export interface Calibration {
  /** On the clock: others count. */
  readonly milliseconds: number;
  /** Of the processor: others only slow it down by what they do to caches. */
  readonly processorMilliseconds: number;
}

/** What was taken for work of the kind that a route costs: hashing octets and probing a table that does not fit the cache. */
export function calibrate(): Calibration {
  const table = new Int32Array(1 << 21);
  const began = performance.now();
  const processor = process.cpuUsage();
  for (let n = 1; n <= 4_000_000; n++) {
    let hash = n;
    for (let i = 0; i < 4; i++) hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
    let slot = hash & (table.length - 1);
    for (let probes = 0; table[slot] !== 0 && probes < 8; probes++) slot = (slot + 1) & (table.length - 1);
    table[slot] = n;
  }
  const { user, system } = process.cpuUsage(processor);
  return { milliseconds: performance.now() - began, processorMilliseconds: (user + system) / 1000 };
}
