/** A place in protobuf bytes that are known to be whole. Of other bytes it reads anything, or throws an Error. */
export class ProtobufWalk {
  pos = 0;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** A varint of at most 32 bits: tags and lengths. */
  number(): number {
    const { bytes } = this;
    let byte = bytes[this.pos++]!;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let shift = 7; shift < 35 && byte >= 0x80; shift += 7) {
      byte = bytes[this.pos++]!;
      value |= (byte & 0x7f) << shift;
    }
    return value >>> 0;
  }

  /** Where the value ends that begins behind the length that stands here. */
  end(): number {
    const length = this.number();
    return Math.min(this.pos + length, this.bytes.length);
  }

  /** The bytes from here to there. */
  view(end: number): Uint8Array {
    return this.bytes.subarray(this.pos, end);
  }

  /** The value behind a tag that has no length: a varint as it is, 0 for the fixed ones. */
  scalar(tag: number): number | bigint {
    const wireType = tag & 7;
    if (wireType === 0) return this.varint();
    if (wireType === 1) this.pos += 8;
    else if (wireType === 5) this.pos += 4;
    else throw new Error(`the record has the wire type ${wireType} at ${this.pos}`);
    return 0;
  }

  /** A varint of up to 64 bits; a number where it is exact as one. */
  private varint(): number | bigint {
    const { bytes } = this;
    let value = 0;
    let scale = 1;
    for (let read = 0; read < 7; read++) {
      const byte = bytes[this.pos++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    let large = BigInt(value);
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = bytes[this.pos++]!;
      large |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return BigInt.asUintN(64, large);
  }
}
