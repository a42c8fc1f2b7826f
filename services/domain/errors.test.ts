import { describe, expect, it } from "vitest";
import { ERROR_KINDS, isKind, LogPulseError, reasonText } from "./errors.ts";

/** As some libraries have them: a list without AggregateError's class. */
const listed = Object.assign(new Error("many"), { errors: [new Error("first"), new Error("last")] });

describe("the reason for our own log", () => {
  it.each([
    ["a word", "a word"],
    [new Error("plain"), "plain"],
    [new Error("outer", { cause: new Error("inner") }), "outer: inner"],
    [new Error("outer", { cause: new Error("", { cause: new Error("deep") }) }), "outer: deep"],
    [new Error("outer", { cause: new AggregateError([new Error("a"), new Error("b")], "both") }), "outer: b"],
    [new LogPulseError("log_unavailable", "outer", { cause: listed }), "outer: last"],
    [new Error("outer", { cause: "no error" }), "outer"],
  ])("of %s", (reason, text) => expect(reasonText(reason)).toBe(text));
});

it("whether a call may succeed later is said by its kind", () => {
  const limited = new LogPulseError("rate_limited", "wait", { retryAfterMs: 5 });
  expect([limited.mayRetry, new LogPulseError("invalid_batch", "no").mayRetry]).toEqual([true, false]);
  expect([isKind(limited, "rate_limited"), isKind(limited, "bug"), isKind(new Error("x"), "bug")]).toEqual([
    true,
    false,
    false,
  ]);
  expect(Object.keys(ERROR_KINDS).length).toBeGreaterThan(10);
});
