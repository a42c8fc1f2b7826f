import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NumberReader, NumberWriter } from "./variable-length-number.ts";

function written(...numbers: number[]): Uint8Array {
  const writer = new NumberWriter();
  for (const number of numbers) writer.write(number);
  return writer.finish();
}

describe("variable-length numbers", () => {
  it("are read as they were written", () => {
    fc.assert(
      fc.property(fc.array(fc.maxSafeNat()), (numbers) => {
        const reader = new NumberReader(written(...numbers));
        const read: number[] = [];
        while (!reader.atEnd) read.push(reader.read());
        expect(read).toEqual(numbers);
      }),
    );
  });

  it("take one byte up to 127 and eight for the highest", () => {
    expect(written(0, 127)).toEqual(Uint8Array.of(0, 127));
    expect(written(300)).toEqual(Uint8Array.of(0xac, 0x02)); // The example of the protobuf encoding guide.
    expect(written(Number.MAX_SAFE_INTEGER)).toHaveLength(8);
  });

  it("say so where the bytes end early or say too much", () => {
    expect(() => new NumberReader(Uint8Array.of(0x80)).read()).toThrow("end within a number");
    expect(() => new NumberReader(new Uint8Array(20).fill(0xff)).read()).toThrow("beyond 2^53-1");
  });
});
