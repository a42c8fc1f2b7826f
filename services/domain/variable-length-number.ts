/**
 * Whole numbers from 0 to 2^53-1 in as few bytes as they need: LEB128, seven bits to a byte, lowest first, the high bit
 * set on all but the last byte. The same bytes as a protobuf varint.
 */
export class NumberWriter {
  private readonly bytes: number[] = [];

  write(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.bytes.push((rest % 0x80) + 0x80);
      rest = Math.floor(rest / 0x80); // Not a shift: those cut numbers off at 32 bits.
    }
    this.bytes.push(rest);
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.bytes);
  }
}

/** Reads what NumberWriter wrote. */
export class NumberReader {
  private readonly bytes: Uint8Array;
  private position = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get atEnd(): boolean {
    return this.position >= this.bytes.length;
  }

  /** @throws Error where the bytes end within a number, or it is beyond 2^53-1. */
  read(): number {
    const first = this.bytes[this.position];
    if (first === undefined || first >= 0x80) return this.readLong();
    this.position++; // Most numbers are small.
    return first;
  }

  private readLong(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.bytes[this.position++];
      if (byte === undefined) throw new Error(`the bytes end within a number, at ${this.bytes.length}`);
      value += (byte % 0x80) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw new Error(`a number before byte ${this.position} is beyond 2^53-1`);
      if (byte < 0x80) return value;
    }
  }
}
