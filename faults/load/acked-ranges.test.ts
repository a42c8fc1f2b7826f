import { describe, expect, it } from "vitest";
import { AckedRanges } from "./acked-ranges.ts";

describe("acknowledged ranges", () => {
  it("join what touches, of one producer", () => {
    const ranges = new AckedRanges();
    ranges.add("a", 5, 9);
    ranges.add("a", 0, 3);
    expect(ranges.has("a", 0, 9)).toBe(false);
    ranges.add("b", 4, 4);
    expect(ranges.has("a", 0, 9)).toBe(false);
    ranges.add("a", 4, 4);
    expect(ranges.has("a", 0, 9)).toBe(true);
    expect(ranges.has("a", 0, 10)).toBe(false);
    expect(ranges.has("b", 0, 4)).toBe(false);
  });
});
