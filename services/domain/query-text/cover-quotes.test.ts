import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { coverQuotes } from "./cover-quotes.ts";
import { parseQuery } from "./parse-query.ts";
import { queryTexts } from "./query-texts.arbitrary.ts";

describe("coverQuotes", () => {
  it.each([
    ['a "b;c" d', 'a """"" d'],
    ['path:"/a;b" x', 'path:"""""" x'],
    ['path:("a;" OR "b@")', 'path:("""" OR """")'],
    ['attr."a;b":"c;"*; x', 'attr.""""":""""*; x'],
    ['attr."a":5"; x', 'attr.""":5"; x'],
    ['agent:5"; status=200', 'agent:5"; status=200'],
    ['-agent!=5"6"; a', '-agent!=5"6"; a'],
    ['attr.a.b:5"; "c;"', 'attr.a.b:5"; """"'],
    ['10:30"a;b"', '10:30"""""'],
    ['foo"a;b"', 'foo"""""'],
    ['level:error@"', 'level:error@"'],
    ['timeout@2026-11-21T13:00:00Z; a:5"', 'timeout@2026-11-21T13:00:00Z; a:5"'],
    ['"a\\";" ; b', '"""""" ; b'],
    ['"a;b', '""""'],
    ['path:"a;b', 'path:""""'],
  ])("%s is %s", (text, covered) => expect(coverQuotes(text)).toBe(covered));

  it("leaves a mark behind every query that can be read", { timeout: 60_000 }, () => {
    const seen = { quotesWithin: 0 };
    fc.assert(
      fc.property(queryTexts, (text) => {
        fc.pre(!/[;@]/.test(text) && "filter" in parseQuery(text));
        if (/:[^\s"]+"/.test(text)) seen.quotesWithin++;
        expect(coverQuotes(`${text}; b`)).toMatch(/; b$/);
      }),
      { numRuns: 3_000 },
    );
    expect(seen.quotesWithin).toBeGreaterThan(10);
  });

  it("covers every mark that a query has within quotes", () => {
    fc.assert(
      fc.property(queryTexts, (text) => {
        // A value has its quotes at its beginning, and then anything may stand in them.
        const query = `path:${JSON.stringify(`;@${text.replace(/[^\p{L} :"]/gu, "")}`)}`;
        fc.pre("filter" in parseQuery(query));
        expect(coverQuotes(query)).not.toMatch(/[;@]/);
      }),
    );
  });
});
