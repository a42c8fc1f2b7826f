import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  nanosToText,
  nanosToTimestamp,
  parseRfc3339,
  requireRfc3339,
  timestampToNanos,
  timestampToText,
} from "./record-time.ts";

describe("RFC 3339", () => {
  it.each([
    ["1970-01-01T00:00:00Z", 0n],
    ["2026-11-21T13:00:00.000000001Z", 1_795_266_000_000_000_001n],
    ["2026-11-21T14:30:00+01:30", 1_795_266_000_000_000_000n],
    ["2026-11-21 13:00:00z", 1_795_266_000_000_000_000n],
    ["2024-02-29T00:00:00Z", 1_709_164_800_000_000_000n],
    ["1969-12-31T23:59:59.5Z", -500_000_000n],
  ])("%s is read to the nanosecond", (text, nanos) => expect(parseRfc3339(text)).toBe(nanos));

  it.each([
    "",
    "now",
    "2026-11-21",
    "2026-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-11-21T24:00:00Z",
    "2026-11-21T23:59:60Z",
    "2026-11-21T13:00:00",
    "2026-11-21T13:00:00+24:00",
    "20261121T130000Z",
  ])("%j is refused", (text) => expect(parseRfc3339(text)).toBeUndefined());

  it("a field outside 1970 to 2262 is refused by name", () => {
    expect(() => requireRfc3339("from", "1969-12-31T23:59:59Z")).toThrow(/^from is "1969/);
    expect(() => requireRfc3339("to", "2300-01-01T00:00:00Z")).toThrow(/^to is "2300/);
  });

  it("what is written is read back, and sorts as text", () => {
    const nanos = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(nanos, nanos, (a, b) => {
        expect(parseRfc3339(nanosToText(a))).toBe(a);
        expect(nanosToText(a) < nanosToText(b)).toBe(a < b);
        expect(timestampToNanos(nanosToTimestamp(a))).toBe(a);
        expect(timestampToNanos(nanosToTimestamp(-a))).toBe(-a);
      }),
    );
  });

  it("is written alike whatever time was written before, by nanoseconds and by message", () => {
    const near = fc.bigInt({ min: -3_000_000_000n, max: 3_000_000_000n }); // Seconds repeat, on both sides of 1970.
    const far = fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n });
    fc.assert(
      fc.property(fc.array(fc.oneof(near, near, far), { maxLength: 20 }), (all) => {
        for (const nanos of all) {
          const wanted = outcomeOf(() => textByCalendar(nanos));
          expect(outcomeOf(() => nanosToText(nanos))).toBe(wanted);
          const time = nanosToTimestamp(nanos);
          expect(outcomeOf(() => timestampToText(time))).toBe(wanted);
          const odd = { ...time, seconds: time.seconds + 2n, nanos: time.nanos - 2_000_000_000 };
          expect(outcomeOf(() => timestampToText(odd))).toBe(wanted);
        }
      }),
    );
  });
});

/** Remembers nothing. */
function textByCalendar(nanos: bigint): string {
  const { seconds, nanos: rest } = nanosToTimestamp(nanos);
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${String(rest).padStart(9, "0")}Z`;
}

function outcomeOf(work: () => string): string {
  try {
    return work();
  } catch (reason) {
    return (reason as Error).name;
  }
}
