const CAPACITY_FIRST = 16 * 1024;
const UTF8_BYTES_PER_UNIT_MAX = 3;
const LENGTH_DELIMITED = 2;
const FIXED_64 = 1;
const ROOM_OF_NUMBER = 20; // A tag, and a number of ten bytes or the longest length.

/** Writes protobuf fields one behind another into a buffer that grows. Field numbers are below 16: one byte each. */
export class WireWriter {
  /** Bytes written so far. */
  length = 0;
  private buffer = Buffer.allocUnsafe(CAPACITY_FIRST);

  /** A copy of everything behind `head`; then it begins anew. */
  take(head: Uint8Array): Uint8Array {
    const taken = Buffer.allocUnsafeSlow(head.length + this.length);
    taken.set(head);
    this.buffer.copy(taken, head.length, 0, this.length);
    this.length = 0;
    return taken;
  }

  /** Begins a message, or another value with a length. Gives what `end` needs. */
  begin(field: number): number {
    this.makeRoom(ROOM_OF_NUMBER);
    this.buffer[this.length++] = (field << 3) | LENGTH_DELIMITED;
    return ++this.length; // One byte for the length, which most need.
  }

  /** Ends it: writes its length before it, and moves it where that needs more bytes. Gives the length. */
  end(begin: number): number {
    const length = this.length - begin;
    if (length < 0x80) {
      this.buffer[begin - 1] = length;
      return length;
    }
    this.makeRoom(ROOM_OF_NUMBER);
    const lengthBytes = length < 0x4000 ? 2 : length < 0x20_0000 ? 3 : 4; // Values are far below 256 MiB.
    this.buffer.copyWithin(begin - 1 + lengthBytes, begin, this.length);
    this.length = begin - 1;
    this.varint(length);
    this.length += length;
    return length;
  }

  /** A text, also an empty one. Half a surrogate pair, which UTF-8 cannot say, becomes U+FFFD. */
  text(field: number, text: string): void {
    const begin = this.begin(field);
    this.makeRoom(text.length * UTF8_BYTES_PER_UNIT_MAX);
    this.length += this.buffer.write(text, this.length);
    this.end(begin);
  }

  bytes(field: number, bytes: Uint8Array): void {
    const begin = this.begin(field);
    this.makeRoom(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
    this.end(begin);
  }

  /** A whole number that a double says exactly; also 0. */
  wholeNumber(field: number, value: number): void {
    this.makeRoom(ROOM_OF_NUMBER);
    this.buffer[this.length++] = field << 3;
    if (value < 0) this.negative(value);
    else this.varint(value);
  }

  double(field: number, value: number): void {
    this.makeRoom(ROOM_OF_NUMBER);
    this.buffer[this.length++] = (field << 3) | FIXED_64;
    this.length = this.buffer.writeDoubleLE(value, this.length);
  }

  private varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.buffer[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80); // Not a shift: those cut numbers off at 32 bits.
    }
    this.buffer[this.length++] = rest;
  }

  /** As protobuf has it: two's complement of 64 bits. */
  private negative(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest >= 0x80n; rest >>= 7n) this.buffer[this.length++] = Number(rest & 0x7fn) | 0x80;
    this.buffer[this.length++] = Number(rest);
  }

  private makeRoom(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.buffer.length, this.length + bytes));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }
}
