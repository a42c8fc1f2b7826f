import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { QueryErrorSchema } from "../../gen/logpulse/v1/query_service_pb.ts";
import { parseQuery } from "../../services/domain/query-text/parse-query.ts";
import { failureText } from "../failure.ts";
import { queryFailure } from "./query-failure.ts";

/** What people see of everything that is wrong with the query. */
function shown(query: string): string[] {
  const parsed = parseQuery(query);
  if (!("errors" in parsed)) throw new Error(`${query} can be read`);
  const errors = parsed.errors.map((error) => create(QueryErrorSchema, error));
  return failureText(queryFailure(query, errors)).trimEnd().split("\n");
}

describe("a query that cannot be read", () => {
  it("is shown with the place and what to write instead", () => {
    expect(shown("a status>=abc")).toEqual([
      "logpulse: the query cannot be read. status is a whole number, of 64 bits at most.",
      "  a status>=abc",
      "    ^^^^^^^^^^^",
      'Try: a "abc"   (Searches for the text abc.)',
    ]);
  });

  it("shows every error", () => {
    const carets = shown("servce:a statsu:1").filter((line) => line.includes("^"));
    expect(carets).toEqual(["  ^^^^^^", "           ^^^^^^"]);
  });

  it.each([
    ["wide letters", "日本 servce:x", "       ^^^^^^"],
    ["letters of two units", "a👍👍 servce:x", "        ^^^^^^"],
    ["what a terminal would obey", "\u001b[2J\n servce:x", "        ^^^^^^"],
  ])("points at the place behind %s", (_what, query, carets) => expect(shown(query)[2]).toBe(carets));

  it("shows the part of a long one that matters", () => {
    const [, place, carets] = shown(`${"word ".repeat(100)}servce:x ${"word ".repeat(100)}`);
    expect(place!.length).toBeLessThan(90);
    expect(place!.slice(carets!.indexOf("^"), carets!.lastIndexOf("^") + 1)).toBe("servce");
  });
});
