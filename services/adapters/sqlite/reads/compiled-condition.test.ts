import { describe, expect, it } from "vitest";
import type { Condition } from "../../../domain/condition.ts";
import {
  all,
  any,
  anywhere,
  atLeast,
  attribute,
  level,
  not,
  phrase,
  text,
  wordPrefix,
  words,
} from "../../../domain/conditions.fixture.ts";
import { READ_WORD_SETS_MAX, READ_WORDS_ASKED_MAX } from "../../../domain/limits.ts";
import { ALL_IDS, type ConditionDay, compileCondition } from "./compiled-condition.ts";
import { attributeMark, MORE_ATTRIBUTES_MARK, traceMark } from "./record-marks.ts";

const compile = (condition: Condition, day: Partial<ConditionDay> = {}) =>
  compileCondition(condition, { day: 1, hasMarks: true, words: ALL_IDS, idOf: () => 7n, ...day });

const trace = text("trace_id", "abc");
const user = attribute("user.id", "7");
const agent = text("user_agent", "curl", "contains");
const traced = `labels : ("${traceMark("abc")}")`;

/** What the index of words is asked, whether columns are, and what is left for the record. */
it.each<
  [title: string, condition: Condition, match: string | undefined, hasColumns: boolean, rest: Condition | undefined]
>([
  ["everything", all(), undefined, false, undefined],
  ["nothing", any(), undefined, true, undefined],
  ["words", words("one two"), '(message : "one" AND message : "two")', false, undefined],
  ["words anywhere", anywhere("one"), '("one")', false, undefined],
  ["a phrase", phrase("one two"), '(message : "one two")', false, undefined],
  ["a beginning", wordPrefix("on"), '(message : "on" *)', false, undefined],
  [
    "words that nobody can have",
    { kind: "words", words: ["A b"], scope: "message" },
    '(labels : "¤n")',
    false,
    undefined,
  ],
  ["a number", atLeast("status", 500n), undefined, true, undefined],
  ["a service", text("service", "auth"), '(labels : ("auth"))', true, undefined],
  ["a service without words", text("service", "-"), undefined, true, undefined],
  ["a trace id", trace, `(${traced})`, true, trace],
  ["an attribute", user, `(labels : ("${attributeMark("user.id", "7")}" OR "${MORE_ATTRIBUTES_MARK}"))`, true, user],
  ["what has no column", agent, undefined, true, agent],
  ["all of several", all(words("one"), agent), '(message : "one")', true, agent],
  ["several without a column", all(agent, trace), `(${traced})`, true, all(agent, trace)],
  [
    "words, but not others",
    all(words("one"), not(words("two"))),
    '((message : "one")) NOT ((message : "two"))',
    false,
    undefined,
  ],
  ["none of some words", not(words("two")), undefined, true, undefined],
  [
    "one of several words",
    any(words("one"), words("two")),
    '((message : "one") OR (message : "two"))',
    false,
    undefined,
  ],
  ["words or a number", any(words("one"), atLeast("status", 500n)), undefined, true, undefined],
  ["words or what has no column", any(words("one"), agent), undefined, true, any(words("one"), agent)],
  ["not what has no column", not(agent), undefined, false, not(agent)],
  ["not a trace id", not(trace), undefined, false, not(trace)],
  ["no level", not(level("error")), undefined, true, undefined],
])("%s", (_, condition, match, hasColumns, rest) => {
  const compiled = compile(condition);
  expect(compiled.match).toBe(match);
  expect(compiled.columns !== undefined).toBe(hasColumns);
  expect(compiled.rest).toEqual(rest);
});

it("looks words up in the records where few of those are looked at", () => {
  for (const condition of [not(words("two")), any(words("one"), atLeast("status", 500n))]) {
    expect(compile(condition, { words: "in_index" })).toMatchObject({ match: undefined, rest: condition });
  }
  const both = all(words("one"), not(words("two")));
  expect(compile(both, { words: "in_index" })).toMatchObject({
    match: expect.stringContaining("NOT"),
    rest: undefined,
  });
});

it("asks no index where the records are read", () => {
  const condition = all(words("one"), not(words("two")), atLeast("status", 500n), trace);
  const compiled = compile(condition, { words: "in_records" });
  expect(compiled.match).toBeUndefined();
  expect(compiled.rest).toEqual(all(words("one"), not(words("two")), trace));
});

it("asks for no marks where a day has none", () => {
  for (const condition of [trace, user]) {
    expect(compile(condition, { hasMarks: false })).toMatchObject({ match: undefined, rest: condition });
  }
});

describe("many words", () => {
  const phrases = Array.from({ length: 85 }, (_, index) => phrase(`one two w${index}`));

  it("are not asked for at once where one of several phrases is to be found", () => {
    expect(compile(any(...phrases))).toMatchObject({ match: undefined, rest: any(...phrases) });
    const few = any(...phrases.slice(0, READ_WORDS_ASKED_MAX / 3));
    expect(compile(few)).toMatchObject({ match: expect.stringContaining("OR"), rest: undefined });
  });

  it("are asked for at once where each of them tells a record", () => {
    const condition = any(...Array.from({ length: 256 }, (_, index) => words(`w${index}`)));
    expect(compile(condition)).toMatchObject({ match: expect.stringContaining("w255"), rest: undefined });
  });

  it("are asked for in part where all of several phrases are to be found, or none", () => {
    const asked = Math.floor(READ_WORDS_ASKED_MAX / 3);
    const together = compile(all(...phrases), { words: "in_index" });
    expect(together.match?.match(/"one two/g)).toHaveLength(asked);
    expect(together.rest).toEqual(all(...phrases.slice(asked)));
    const none = compile(all(words("three"), ...phrases.map(not)), { words: "in_index" });
    expect(none.match?.match(/"one two/g)).toHaveLength(asked);
    expect(none.rest).toEqual(all(...phrases.slice(asked).map(not)));
  });

  it("of one phrase are asked for up to a bound, and the record tells the rest", () => {
    const long = phrase(Array(256).fill("one").join(" "));
    const { match, rest } = compile(long);
    expect(match?.match(/one/g)).toHaveLength(READ_WORDS_ASKED_MAX);
    expect(rest).toEqual(long);
    expect(compile(not(long))).toMatchObject({ match: undefined, rest: not(long) });
  });

  it("are looked up in few sets, and the record tells the rest", () => {
    const { columns, rest } = compile(all(...phrases.map(not)));
    expect(columns?.text.match(/SELECT/g)).toHaveLength(READ_WORD_SETS_MAX);
    expect(rest).toEqual(all(...phrases.slice(READ_WORD_SETS_MAX).map(not)));
  });
});
