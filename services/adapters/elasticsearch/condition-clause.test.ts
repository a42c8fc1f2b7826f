import { describe, expect, it } from "vitest";
import type { Condition } from "../../domain/condition.ts";
import {
  any,
  anywhere,
  atLeast,
  atMost,
  attribute,
  hasAttribute,
  hasText,
  level,
  not,
  number,
  phrase,
  text,
  wordPrefix,
  words,
} from "../../domain/conditions.fixture.ts";
import { conditionClause } from "./condition-clause.ts";

// What the clauses find is held on real servers: the LogSearch contract. Here is what they look like.
const term = (field: string, value: string | number) => ({ term: { [field]: { value } } });
const noBytes = {
  bool: {
    filter: [
      { exists: { field: "http.status" } },
      { bool: { must_not: [{ exists: { field: "http.response_bytes" } }] } },
    ],
  },
};
const every = { match_all: {} };
const none = { match_none: {} };

const CLAUSES: [string, Condition, object][] = [
  ["all of none", { kind: "all", of: [] }, every],
  ["any of none", any(), none],
  ["one of one", any(words("a")), term("words", "a")],
  ["not", not(words("a")), { bool: { must_not: [term("words", "a")] } }],
  ["words", words("a b"), { bool: { filter: [term("words", "a"), term("words", "b")] } }],
  [
    "a word anywhere",
    anywhere("a"),
    { bool: { should: [term("words", "a"), term("label_words", "a")], minimum_should_match: 1 } },
  ],
  ["a phrase", phrase("a b"), { match_phrase: { words: { query: "a b" } } }],
  ["a phrase of none", { kind: "phrase", words: [] }, every],
  ["the beginning of a word", wordPrefix("a"), { prefix: { words: { value: "a" } } }],
  ["a level of its own", level("odd"), term("severity_text", "odd")],
  ["a text", text("path", "/*"), term("http.path", "/*")],
  ["a text longer than any", text("path", "x".repeat(8_192)), none],
  [
    "a method in any case, also of documents without its lower case",
    text("method", "GeT"),
    oneOf(term("http.method_lower", "get"), methodBefore({ term: { "http.method": anyCase("get") } })),
  ],
  [
    "the beginning of a method",
    text("method", "Ge", "prefix"),
    oneOf(
      { prefix: { "http.method_lower": { value: "ge" } } },
      methodBefore({ prefix: { "http.method": anyCase("ge") } }),
    ),
  ],
  [
    "what stands in a method",
    text("method", "E*", "contains"),
    oneOf(
      { wildcard: { "http.method_lower": { value: "*e\\**" } } },
      methodBefore({ wildcard: { "http.method": anyCase("*e\\**") } }),
    ),
  ],
  ["a method longer than any", text("method", "X".repeat(65)), term("http.method_lower", "x".repeat(65))],
  ["a text that came later", text("user_agent", "curl"), term("http.user_agent.exact", "curl")],
  ["a text that came later at all", hasText("referer"), { exists: { field: "http.referer.exact" } }],
  [
    "what stands in a text",
    text("path", "*a?\\", "contains"),
    { wildcard: { "http.path": { value: "*\\*a\\?\\\\*" } } },
  ],
  ["a method that is there", hasText("method"), { exists: { field: "http.method" } }],
  [
    "a service that is there",
    hasText("service"),
    { bool: { filter: [{ exists: { field: "service" } }, { bool: { must_not: [term("service", "")] } }] } },
  ],
  ["a severity at all", { ...number("severity"), min: undefined, max: undefined } as Condition, every],
  ["a number beyond 2^53", number("latency_nanos", 2n ** 53n + 1n), range("http.latency_nanos", "9007199254740993")],
  ["bounds beyond the type's", atLeast("status", 2n ** 31n), none],
  ["bounds at the type's", atMost("status", 2n ** 40n), { range: { "http.status": { lte: "2147483647" } } }],
  ["bytes that may be none", number("response_bytes", 0n), oneOf(range("http.response_bytes", "0"), noBytes)],
  ["some bytes", number("response_bytes", 1n), range("http.response_bytes", "1")],
  ["an attribute", attribute("a.*", "x"), term("attributes.a.*", "x")],
  ["an attribute that is there", hasAttribute("a.*"), { prefix: { "attributes.a.*": { value: "" } } }],
  ["an attribute whose path would reach into values", attribute("a\0b", "c"), none],
  [
    "an identity",
    { kind: "identity", producer: "ab", seq: 2 ** 53 - 1 },
    { bool: { filter: [term("producer", "ab"), term("seq", 9_007_199_254_740_991)] } },
  ],
];

describe("conditionClause", () => {
  it.each(CLAUSES)("asks for %s", (_name, condition, clause) => {
    expect(conditionClause(condition)).toEqual(clause);
  });
});

function anyCase(value: string): object {
  return { value, case_insensitive: true };
}

function methodBefore(test: object): object {
  return { bool: { filter: [test, { bool: { must_not: [{ exists: { field: "http.method_lower" } }] } }] } };
}

function range(field: string, value: string): object {
  return { range: { [field]: { gte: value, lte: value } } };
}

function oneOf(...should: object[]): object {
  return { bool: { should, minimum_should_match: 1 } };
}
