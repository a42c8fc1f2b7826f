import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FieldProblem, LENGTH_DELIMITED, WireCursor } from "./wire-cursor.ts";

/** A varint of seven bits a byte, with as many bytes more than needed as told. */
function varintBytes(value: bigint, padding = 0): number[] {
  const bytes: number[] = [];
  for (let rest = value; bytes.length === 0 || rest > 0n; rest >>= 7n) bytes.push(Number(rest & 0x7fn));
  bytes.push(...Array.from({ length: padding }, () => 0));
  return bytes.map((byte, index) => (index < bytes.length - 1 ? byte | 0x80 : byte));
}

describe("a varint", () => {
  it("is read whatever its value, padding and neighbours", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), fc.nat(9), fc.array(fc.nat(255)), (value, padding, behind) => {
        const written = varintBytes(value, padding);
        const cursor = new WireCursor(Uint8Array.from([7, ...written, ...behind]));
        cursor.pos = 1;
        if (written.length > 10) {
          expect(() => cursor.varint("f")).toThrow("more than 64 bits");
        } else {
          expect(cursor.varint("f")).toBe(Number(value));
          expect(cursor.pos).toBe(1 + written.length);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ["nothing", [], "ends in the middle of a number"],
    ["one byte that goes on", [0x80], "ends in the middle of a number"],
    ["nine bytes that go on", Array(9).fill(0xff), "ends in the middle of a number"],
    ["ten bytes that go on", Array(10).fill(0xff), "more than 64 bits"],
    ["a bit too many", [...Array(9).fill(0xff), 0x02], "more than 64 bits"],
  ])("of %s is refused", (_name, bytes, message) => {
    expect(() => new WireCursor(Uint8Array.from(bytes)).varint("f")).toThrow(message);
  });

  it("does not go beyond the end that the cursor was given", () => {
    for (let length = 1; length <= 10; length++) {
      const cursor = new WireCursor(Uint8Array.from([...Array(length).fill(0x81), 0x01]));
      cursor.end = length;
      expect(() => cursor.varint("f")).toThrow(FieldProblem);
    }
  });
});

describe("a tag", () => {
  it.each([
    ["of one byte", [0x1a], 3, LENGTH_DELIMITED],
    ["written longer than needed", [0x9a, 0x80, 0x00], 3, LENGTH_DELIMITED],
    ["of two bytes", varintBytes((2_000n << 3n) | 2n), 2_000, LENGTH_DELIMITED],
  ])("%s", (_name, bytes, field, wireType) => {
    const cursor = new WireCursor(Uint8Array.from(bytes));
    cursor.tag("f");
    expect(cursor).toMatchObject({ fieldNumber: field, wireType, pos: bytes.length });
  });

  it.each([
    ["number 0", [0x02], "the number 0"],
    ["a group", [0x0b], "a group"],
    ["wire type 6", [0x0e], "the wire type 6"],
    ["wire type 7", [0x0f], "the wire type 7"],
    ["nothing", [], "middle of a number"],
    ["33 bits", varintBytes(2n ** 32n + 10n), "longer than 32 bits"],
  ])("of %s is refused", (_name, bytes, message) => {
    expect(() => new WireCursor(Uint8Array.from(bytes)).tag("f")).toThrow(message);
  });
});

it("a text passes where Node's own check says that it is UTF-8, at every length and place", () => {
  const byte = fc.oneof({ weight: 20, arbitrary: fc.nat(0x7f) }, { weight: 1, arbitrary: fc.nat(0xff) });
  const bytes = fc.oneof(
    fc.array(byte, { maxLength: 600 }),
    fc.array(fc.nat(0x7f), { maxLength: 600 }),
    fc.string({ unit: "grapheme", maxLength: 200 }).map((text) => [...Buffer.from(text)]),
  );
  fc.assert(
    fc.property(bytes, fc.nat(5), (text, before) => {
      const length = varintBytes(BigInt(text.length));
      const cursor = new WireCursor(Uint8Array.from([...Array(before).fill(0xff), ...length, ...text, 0xff]));
      cursor.pos = before;
      const read = () => cursor.text("f", 10_000);
      if (isUtf8(Uint8Array.from(text))) expect(read()).toBe(text.length);
      else expect(read).toThrow("not valid UTF-8");
    }),
    { numRuns: 2_000 },
  );
});
