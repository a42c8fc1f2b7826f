import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  LOG_ID_CHARACTERS_MAX,
  LOG_PARTITIONS_MAX,
  RECORDS_PER_BATCH_MAX,
  TAIL_CURSOR_CHARACTERS_MAX,
} from "./limits.ts";
import { readTailCursor, requirePositionIn, type TailPosition, tailCursor } from "./tail-cursor.ts";

const places = fc.array(
  fc.record({
    offset: fc.oneof(
      fc.nat(1_000),
      fc.maxSafeNat().map((value) => Math.floor(value / 2)),
    ),
    index: fc.oneof(fc.constant(0), fc.nat(RECORDS_PER_BATCH_MAX)),
  }),
  { maxLength: 20 },
);
const positions: fc.Arbitrary<TailPosition> = fc.record({
  logId: fc.string({ unit: "grapheme-ascii", maxLength: LOG_ID_CHARACTERS_MAX }),
  places,
});
const errorOf = (work: () => unknown) => {
  try {
    return work();
  } catch (reason) {
    return reason;
  }
};

describe("a cursor of a tail", () => {
  it("gives the position back, and is safe in a URL", () => {
    fc.assert(
      fc.property(positions, (position) => {
        const text = tailCursor(position);
        expect(text).toMatch(/^[\w-]+$/);
        expect(readTailCursor("cursor", text)).toEqual(position);
      }),
    );
  });

  it("keeps its bound with as many partitions as there may be", () => {
    const place = { offset: 2 ** 52 - 1, index: RECORDS_PER_BATCH_MAX };
    const position = { logId: "x".repeat(LOG_ID_CHARACTERS_MAX), places: Array(LOG_PARTITIONS_MAX).fill(place) };
    const text = tailCursor(position);
    expect(text.length).toBeLessThanOrEqual(TAIL_CURSOR_CHARACTERS_MAX);
    expect(readTailCursor("cursor", text)).toEqual(position);
  });

  it("is refused where a character of it was changed, taken away or added", () => {
    const alphabet = [..."ABab01-_ =%\u0000\u00e9"];
    fc.assert(
      fc.property(positions, fc.nat(), fc.constantFrom("", ...alphabet), fc.nat(1), (position, seed, put, taken) => {
        const text = tailCursor(position);
        const at = seed % text.length;
        const altered = text.slice(0, at) + put + text.slice(at + taken);
        fc.pre(altered !== text);
        expect(errorOf(() => readTailCursor("cursor", altered))).toMatchObject({
          kind: "invalid_request",
          metadata: { field: "cursor" },
        });
      }),
    );
  });

  it.each(["", "x", "cursor", "A".repeat(TAIL_CURSOR_CHARACTERS_MAX + 1)])("is refused where it is %j", (text) => {
    const reason = errorOf(() => readTailCursor("until_cursor", text));
    expect(reason).toMatchObject({ kind: "invalid_request", metadata: { field: "until_cursor" } });
  });
});

describe("a position in a log", () => {
  const log = { logId: "this", partitions: [{ end: 5n }, { end: 0n }] };
  const at = (offset: number, index = 0, logId = "this") => ({
    logId,
    places: [
      { offset, index },
      { offset: 0, index: 0 },
    ],
  });

  it.each([at(0), at(4, 9), at(5)])("may be gone on from: %j", (position) =>
    requirePositionIn("cursor", position, log),
  );

  it.each([
    [at(6), "cursor stands at 6 in partition 0, where the log ends at 5; begin without it"],
    [at(5, 1), "cursor stands at 5 in partition 0, where the log ends at 5; begin without it"],
    [at(1, 0, "that"), "cursor belongs to another log than the one that is there now; begin without it"],
    [{ logId: "this", places: [] }, "cursor belongs to another log than the one that is there now; begin without it"],
  ])("may not: %j", (position, message) => {
    const reason = errorOf(() => requirePositionIn("cursor", position, log));
    expect(reason).toMatchObject({ kind: "invalid_request", message, metadata: { field: "cursor" } });
  });
});
