const BYTES_AT_FIRST = 256 * 1024;

/**
 * The lines of a bulk request in one piece of memory, where they are written as soon as they are made: as texts,
 * thousands of them would live on until the store has answered, and the heap would grow with them.
 */
export class BulkBody {
  private bytes = Buffer.allocUnsafeSlow(BYTES_AT_FIRST);
  /** Where each item's lines end. */
  private readonly ends: number[] = [];

  /** How many items' lines there are. */
  get count(): number {
    return this.ends.length;
  }

  /** Bytes of all lines together. */
  get length(): number {
    return this.ends.at(-1) ?? 0;
  }

  /** Bytes that it holds on to, whatever is written there. */
  get capacity(): number {
    return this.bytes.length;
  }

  /** Adds the lines of one more item, which are `bytes` long in UTF-8. */
  add(lines: string, bytes: number): void {
    const start = this.length;
    this.makeRoom(start + bytes);
    this.bytes.write(lines, start, "utf8");
    this.ends.push(start + bytes);
  }

  /** The lines of these items, in this order; of all of them without a copy: good until the next `clear`. */
  of(indexes: readonly number[]): Buffer {
    if (indexes.length === this.count) return this.bytes.subarray(0, this.length);
    return Buffer.concat(indexes.map((index) => this.bytes.subarray(this.ends[index - 1] ?? 0, this.ends[index])));
  }

  /** Begins anew, in the same memory. Not while a request may still read from it. */
  clear(): void {
    this.ends.length = 0;
  }

  /** The same lines in other memory: a request that was answered early may still be sent from the old one. */
  leaveMemory(): void {
    this.bytes = Buffer.concat([this.bytes]);
  }

  private makeRoom(bytes: number): void {
    if (bytes <= this.capacity) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(bytes, 2 * this.capacity));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}
