import fc from "fast-check";
import { expect, it } from "vitest";
import { wordsOf } from "../../../domain/words.ts";
import {
  attributeMark,
  MORE_ATTRIBUTES_MARK,
  NO_RECORDS_MARK,
  severityMark,
  severityMarks,
  traceMark,
} from "./record-marks.ts";

it("are one term of the index each, which no word equals", () => {
  const texts = fc.tuple(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 24 }));
  fc.assert(
    fc.property(texts, ([path, value, severity]) => {
      const marks = [traceMark(value), attributeMark(path, value), severityMark(severity)];
      for (const mark of [...marks, MORE_ATTRIBUTES_MARK, NO_RECORDS_MARK]) {
        expect(mark).toMatch(/^\u00a4[0-9a-z]+$/); // What FTS5's tokenizer does not cut and does not change.
        expect(wordsOf(mark)).not.toContain(mark);
      }
      expect(new Set(marks).size).toBe(3);
    }),
  );
});

it("differ by path and by value", () => {
  const pairs = ["", "a", "b", "ab", "a.b"].flatMap((path) =>
    ["", "a", "b", "ab"].map((value) => [path, value] as const),
  );
  expect(new Set(pairs.map(([path, value]) => attributeMark(path, value))).size).toBe(pairs.length);
});

it("are those of the severities of a range, and none for others", () => {
  expect(severityMarks({ min: 9, max: 11 })).toEqual(["\u00a49", "\u00a410", "\u00a411"]);
  expect([severityMarks({ min: 0, max: 3 }), severityMarks({ min: 24, max: 25 })]).toEqual([undefined, undefined]);
  expect([severityMark(0), severityMark(25), severityMark(-1)]).toEqual(["", "", ""]);
});
