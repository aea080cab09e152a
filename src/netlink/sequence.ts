/** Numbers of netlink messages, by which answers find their requests. Zero belongs to notifications. */

/** Numbers begin again long before they stop being exact, and no batch reaches across that. */
const LAST = 0x7ff00000;

export class SequenceNumbers {
  /** The number that the next message gets. */
  next = 1;

  /** Uses up `count` numbers; returns the first. */
  take(count: number): number {
    const first = this.next;
    this.next = first + count > LAST ? 1 : first + count;
    return first;
  }
}
