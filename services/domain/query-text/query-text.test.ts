import { create, equals } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FilterSchema } from "../../../gen/logpulse/v1/filter_pb.ts";
import type { Condition } from "../condition.ts";
import { conditionMatcher } from "../condition-matcher.ts";
import { conditionsOn } from "../conditions.arbitrary.ts";
import { any } from "../conditions.fixture.ts";
import { crowdedRecords } from "../crowded-records.arbitrary.ts";
import { conditionOf } from "../filter-condition.ts";
import { QUERY_TEXT_BYTES_MAX } from "../limits.ts";
import { MatchedRecord } from "../matched-record.ts";
import { filterOfCondition } from "./filter-of-condition.fixture.ts";
import { type ParsedQuery, parseQuery } from "./parse-query.ts";
import { queryText } from "./query-text.ts";
import { queryTexts } from "./query-texts.arbitrary.ts";

describe("queryText", () => {
  it.each([
    ["", ""],
    [" a   AND b ", "a b"],
    ["a OR b c", "a OR (b c)"],
    ["NOT a", "-a"],
    ["-(a OR b) -(-c)", "-(a OR b) -(-c)"],
    ["foo-bar", '"foo-bar"'],
    ['"Foo" "OR"', 'Foo "OR"'],
    ["status=500 status!=200", "status:500 -status:200"],
    ["status:(200 OR 204) x", "(status:200 OR status:204) x"],
    ["level>warn level<=WARN level:Err severity>=18", "level>=ERROR level<=WARN level:Err severity>=18"],
    ["latency>=1.5s latency:2000 latency:0", "latency>=1500ms latency:2s latency:0ns"],
    ["bytes<2kib", "bytes<=2047"],
    ['service:"a" service:"a b"* client_ip:*', 'service:a service:"a b"* ip:*'],
    ['attr."a":"1" attr."a b":x*', 'attr.a:1 attr."a b":x*'],
    ["* -*", "* -*"],
    ["Tim*", "Tim*"],
    ["anywhere:a-b", "anywhere:a-b"],
  ])("%s is %s", (query, canonical) => {
    expect(queryText(filterOf(parseQuery(query)))).toBe(canonical);
  });

  it("is nothing for a filter that says nothing", () => expect(queryText(create(FilterSchema))).toBe(""));

  it("is the text of `any` of none, wherever it stands", () => {
    for (const [condition, text] of [
      [any(), "-*"],
      [{ kind: "not", of: any() } as const, "-(-*)"],
    ] as const) {
      expect(queryText(filterOfCondition(condition))).toBe(text);
      expect(parseQuery(text)).toHaveProperty("filter");
    }
  });

  it("reads as the filter that it was made of, and no text makes parsing throw", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(queryTexts, (text) => {
        const parsed = parseQuery(text);
        if (!("filter" in parsed)) {
          for (const { position, length } of parsed.errors)
            expect(position + length).toBeLessThanOrEqual(Array.from(text).length);
          return;
        }
        conditionOf(parsed.filter);
        const again = filterOf(parseQuery(queryText(parsed.filter)));
        expect(equals(FilterSchema, again, parsed.filter)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  it("finds the same records as the filter, whatever that was made of", { timeout: 60_000 }, () => {
    const records = fc.sample(crowdedRecords(), 60).map((record, seq) => ({
      producer: "0192f3a4b5c67d8e9fa0b1c2d3e4f506",
      seq,
      record,
      receivedNanos: 0n,
    }));
    const matched = records.map((stored) => new MatchedRecord(stored.producer, stored));
    fc.assert(
      fc.property(conditionsOn(records), (condition) => {
        const text = queryText(filterOfCondition(condition));
        fc.pre(countOf(condition) < 120 && Buffer.byteLength(text) <= QUERY_TEXT_BYTES_MAX);
        const [read, asked] = [conditionOf(filterOf(parseQuery(text))), condition].map(conditionMatcher);
        expect(matched.map(read!), text).toEqual(matched.map(asked!));
      }),
      { numRuns: 500 },
    );
  });
});

/** Conditions in a condition; the text of one number may take three. */
function countOf(condition: Condition): number {
  if (condition.kind === "not") return 1 + countOf(condition.of);
  if (condition.kind !== "all" && condition.kind !== "any") return 1;
  return condition.of.reduce((sum, inner) => sum + countOf(inner), 1);
}

function filterOf(parsed: ParsedQuery) {
  if ("errors" in parsed) throw new Error(JSON.stringify(parsed.errors));
  return parsed.filter;
}
