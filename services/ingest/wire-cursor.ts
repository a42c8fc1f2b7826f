import { isUtf8 } from "node:buffer";
import type { RejectKind } from "../domain/reject-kind.ts";

/** Protobuf's wire types (protobuf.dev/programming-guides/encoding). */
export const VARINT = 0;
export const FIXED_64 = 1;
export const LENGTH_DELIMITED = 2;
export const FIXED_32 = 5;

const VARINT_BYTES_MAX = 10;
const ASCII_LOOP_BYTES_MAX = 512; // Up to here a loop is faster than the call to native code.
const NOT_ASCII = 0x80808080; // The highest bit of each of four bytes.
const KNOWN_WIRE_TYPES = (1 << VARINT) | (1 << FIXED_64) | (1 << LENGTH_DELIMITED) | (1 << FIXED_32);

/** What is wrong with a record or batch, and in which field of it. */
export class FieldProblem extends Error {
  readonly field: string;
  readonly kind: RejectKind;

  constructor(field: string, reason: string, kind: RejectKind = "malformed") {
    super(reason);
    this.field = field;
    this.kind = kind;
  }
}

/**
 * Walks protobuf bytes without decoding them. One cursor serves a whole batch, so that no object is made per field.
 *
 * Every read stays in front of `end`; what does not fit is a FieldProblem. It is stricter than protobuf-es wherever the
 * two differ: what passes here, decodes there (a property test holds that).
 */
export class WireCursor {
  readonly bytes: Uint8Array;
  pos = 0;
  end: number;
  /** Set by `tag`. */
  fieldNumber = 0;
  wireType = 0;
  private readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.end = bytes.length;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Reads a tag into `fieldNumber` and `wireType`. An overlong tag (more bytes than needed) counts as its number. */
  tag(field: string): void {
    const { bytes, pos, end } = this;
    const byte = pos < end ? bytes[pos]! : 0;
    if (byte >= 0x08 && byte < 0x80 && (KNOWN_WIRE_TYPES & (1 << (byte & 7))) !== 0) {
      this.pos = pos + 1;
      this.fieldNumber = byte >>> 3;
      this.wireType = byte & 7;
    } else this.unusualTag(field);
  }

  private unusualTag(field: string): void {
    const start = this.pos;
    const tag = this.varint(field);
    if (tag > 0xffffffff || this.pos - start > 5)
      throw new FieldProblem(field, "has a tag that is longer than 32 bits");
    this.fieldNumber = tag >>> 3;
    this.wireType = tag & 7;
    if (this.fieldNumber === 0) throw new FieldProblem(field, "has a field with the number 0");
    if (this.wireType === 3 || this.wireType === 4)
      throw new FieldProblem(field, "has a group, which proto3 does not know");
    if (this.wireType > 5) throw new FieldProblem(field, `has the wire type ${this.wireType}, which does not exist`);
  }

  /**
   * Reads a varint of up to 64 bits as an unsigned number. Exact up to 2^53, beyond that near enough to be found out of
   * any bound; negative numbers come as 2^63 and more.
   */
  varint(field: string): number {
    const { bytes, pos, end } = this;
    if (end - pos >= 2) {
      // Nearly all numbers: nothing but integers, and no loop.
      const first = bytes[pos]!;
      if (first < 0x80) {
        this.pos = pos + 1;
        return first;
      }
      const second = bytes[pos + 1]!;
      if (second < 0x80) {
        this.pos = pos + 2;
        return (first & 0x7f) | (second << 7);
      }
    }
    return this.longVarint(field);
  }

  /** Bits below 2^28 by integers, those above by a double: V8's integers are too small for them. */
  private longVarint(field: string): number {
    const { bytes, pos, end } = this;
    const readEnd = Math.min(end, pos + VARINT_BYTES_MAX);
    let at = pos;
    let low = 0;
    for (let shift = 0; shift < 28 && at < readEnd; shift += 7) {
      const byte = bytes[at++]!;
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.pos = at;
        return low;
      }
    }
    for (let high = 0, scale = 0x10000000; at < readEnd; scale *= 128) {
      const byte = bytes[at++]!;
      high += (byte & 0x7f) * scale;
      if (byte >= 0x80) continue;
      if (at - pos === VARINT_BYTES_MAX && byte > 1) break;
      this.pos = at;
      return low + high;
    }
    const isCut = end - pos < VARINT_BYTES_MAX;
    throw new FieldProblem(field, isCut ? "ends in the middle of a number" : "has a number of more than 64 bits");
  }

  /** Reads a length and returns where the value ends; `pos` is then its start. */
  length(field: string): number {
    const start = this.pos;
    const length = this.varint(field);
    // Readers in other languages take no length in more than five bytes, however small it is.
    if (this.pos - start > 5) throw new FieldProblem(field, "has a length that is written in more than five bytes");
    if (length > this.end - this.pos) {
      throw new FieldProblem(field, `says it is ${length} bytes long where ${this.end - this.pos} are left`);
    }
    return this.pos + length;
  }

  /** Reads eight bytes as a double. */
  double(field: string): number {
    if (this.end - this.pos < 8) throw new FieldProblem(field, "ends in the middle of a number");
    const value = this.view.getFloat64(this.pos, true);
    this.pos += 8;
    return value;
  }

  /** Reads text of at most that many bytes, and returns its length in bytes. */
  text(field: string, bytesMax: number): number {
    const start = this.pos;
    const end = this.length(field);
    const length = end - this.pos;
    if (length > bytesMax)
      throw new FieldProblem(field, `is ${length} bytes long; the limit is ${bytesMax}`, "too_long");
    if (!this.isText(this.pos, end)) {
      throw new FieldProblem(
        field,
        `is not valid UTF-8 (the ${end - start} bytes from byte ${start} of the batch on)`,
        "not_utf8",
      );
    }
    this.pos = end;
    return length;
  }

  /** Passes over the value of a field that is not known. */
  skip(field: string): void {
    switch (this.wireType) {
      case VARINT:
        this.varint(field);
        return;
      case LENGTH_DELIMITED:
        this.pos = this.length(field);
        return;
      default: {
        const width = this.wireType === FIXED_64 ? 8 : 4;
        if (this.end - this.pos < width) throw new FieldProblem(field, "ends in the middle of a number");
        this.pos += width;
      }
    }
  }

  /** Refuses a known field that has another wire type than the contract gives it. */
  expect(wireType: number, field: string): void {
    if (this.wireType !== wireType) {
      throw new FieldProblem(field, `has the wire type ${this.wireType}; the contract says ${wireType}`);
    }
  }

  private isText(start: number, end: number): boolean {
    const { bytes, view } = this;
    if (end - start <= ASCII_LOOP_BYTES_MAX) {
      let at = start;
      let seen = 0; // Of all bytes, the bits that any of them has.
      for (const wholeEnd = end - 15; at < wholeEnd; at += 16) {
        seen |= view.getUint32(at) | view.getUint32(at + 4) | view.getUint32(at + 8) | view.getUint32(at + 12);
      }
      for (const wordsEnd = end - 3; at < wordsEnd; at += 4) seen |= view.getUint32(at);
      for (; at < end; at++) seen |= bytes[at]!;
      if ((seen & NOT_ASCII) === 0) return true;
    }
    return isUtf8(bytes.subarray(start, end));
  }
}
