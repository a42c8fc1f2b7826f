import { describe, expect, it } from "vitest";
import { logQuery } from "../../ports/log-search.fixture.ts";
import { searchBody } from "./search-request.ts";

describe("searchBody", () => {
  it("asks for one tenant only, newest first, and for no total", () => {
    expect(searchBody(logQuery("default"), 50, undefined, 10_000)).toEqual({
      size: 50,
      timeout: "10000ms",
      track_total_hits: false,
      query: { bool: { filter: [{ term: { tenant: { value: "default" } } }] } },
      sort: [
        { time: { order: "desc", format: "strict_date_optional_time_nanos" } },
        { producer: "desc" },
        { seq: "desc" },
      ],
    });
  });

  it("writes the place behind which a page begins to the nanosecond", () => {
    const after = { timeNanos: 1_431_857_103_000_000_001n, producer: "ab", seq: 9_007_199_254_740_991 };
    expect(searchBody(logQuery("default"), 50, after, 10_000)).toMatchObject({
      search_after: ["2015-05-17T10:05:03.000000001Z", "ab", 9_007_199_254_740_991],
    });
  });

  it("asks nothing where nothing can be found", () => {
    for (const conditions of [{ endNanos: 0n }, { startNanos: 2n ** 63n }]) {
      expect(searchBody(logQuery("default", conditions), 50, undefined, 1)).toBeUndefined();
    }
    expect(searchBody(logQuery("default"), 0, undefined, 1)).toBeUndefined();
  });
});
