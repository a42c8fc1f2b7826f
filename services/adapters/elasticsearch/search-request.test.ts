import { describe, expect, it } from "vitest";
import { recordQuery, searchPage } from "../../ports/log-search.fixture.ts";
import { searchBody } from "./search-request.ts";

describe("searchBody", () => {
  const query = recordQuery("default");
  const place = (timeNanos: bigint) => ({ timeNanos, producer: "ab", seq: 9_007_199_254_740_991 });

  it.each([
    ["newest_first", "desc"],
    ["oldest_first", "asc"],
  ] as const)("asks for one tenant only, %s, and for no total", (order, sorted) => {
    expect(searchBody(query, searchPage({ size: 50, order }))).toEqual({
      size: 50,
      track_total_hits: false,
      query: { bool: { filter: [{ term: { tenant: { value: "default" } } }] } },
      sort: [
        { time: { order: sorted, format: "strict_date_optional_time_nanos" } },
        { producer: sorted },
        { seq: sorted },
      ],
    });
  });

  it("writes the place behind which a page begins to the nanosecond", () => {
    expect(searchBody(query, searchPage({ after: place(1_431_857_103_000_000_001n) }))).toMatchObject({
      search_after: ["2015-05-17T10:05:03.000000001Z", "ab", 9_007_199_254_740_991],
    });
  });

  it("begins at the first record behind a place before them all, and asks nothing behind them all", () => {
    const [before, behind] = [place(-1n), place(2n ** 63n)];
    expect(searchBody(query, searchPage({ order: "oldest_first", after: before }))).not.toHaveProperty("search_after");
    expect(searchBody(query, searchPage({ order: "newest_first", after: behind }))).not.toHaveProperty("search_after");
    expect(searchBody(query, searchPage({ order: "oldest_first", after: behind }))).toBeUndefined();
    expect(searchBody(query, searchPage({ order: "newest_first", after: before }))).toBeUndefined();
  });

  it("asks nothing where nothing can be found", () => {
    for (const times of [{ endNanos: 0n }, { startNanos: 2n ** 63n }]) {
      expect(searchBody(recordQuery("default", undefined, times), searchPage())).toBeUndefined();
    }
    expect(searchBody(query, searchPage({ size: 0 }))).toBeUndefined();
  });
});
