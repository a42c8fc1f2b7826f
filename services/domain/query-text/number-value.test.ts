import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type NumberUnit, numberOfText, textOfNumber } from "./number-value.ts";

describe("numberOfText", () => {
  it.each<[string, NumberUnit, bigint | undefined]>([
    ["0", undefined, 0n],
    ["-7", undefined, -7n],
    ["007", undefined, 7n],
    ["5.0", undefined, 5n],
    ["9223372036854775807", undefined, 2n ** 63n - 1n],
    ["-9223372036854775808", undefined, -(2n ** 63n)],
    ["9223372036854775808", undefined, undefined],
    ["5ms", undefined, undefined],
    ["", undefined, undefined],
    ["+1", undefined, undefined],
    ["1e3", undefined, undefined],
    ["0x10", undefined, undefined],
    [".5", "time", undefined],
    ["1", "time", 1_000_000n],
    ["0.000001", "time", 1n],
    ["0.0000001", "time", undefined],
    ["1.5S", "time", 1_500_000_000n],
    ["2562047h", "time", 9_223_369_200_000_000_000n],
    ["2562048h", "time", undefined],
    ["3kb", "time", undefined],
    ["1.5kib", "bytes", 1_536n],
    ["1MB", "bytes", 1_000_000n],
    ["9".repeat(10_000), undefined, undefined],
  ])("%.30s of %s is %s", (text, unit, value) => expect(numberOfText(text, unit)).toBe(value));

  it("reads what textOfNumber writes", () => {
    const value = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -9n, max: 9n }));
    const scaled = fc
      .tuple(value, fc.constantFrom(1n, 1_000n, 60_000_000_000n))
      .map(([of, by]) => BigInt.asIntN(64, of * by));
    fc.assert(
      fc.property(scaled, fc.constantFrom("time", "bytes", undefined), (number, unit) => {
        expect(numberOfText(textOfNumber(number, unit), unit)).toBe(number);
      }),
    );
  });
});
