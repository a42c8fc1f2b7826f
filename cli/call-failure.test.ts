import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { LogPulseError } from "../services/domain/errors.ts";
import { toConnectError, toStatus } from "../services/runtime/rpc-status.ts";
import { asCallFailure, callFailure } from "./call-failure.ts";
import { withTries } from "./call-retries.ts";
import { EXIT } from "./exit-code.ts";

const ofServer = (...args: ConstructorParameters<typeof LogPulseError>) => {
  const error = toConnectError(toStatus(new LogPulseError(...args)));
  // As a client reads it: details are bytes.
  return ConnectError.from(error);
};

describe("errors of calls, for people", () => {
  it.each([
    [ofServer("invalid_request", "limit is 0; it must be more"), EXIT.usage, "limit is 0; it must be more", undefined],
    [ofServer("query_too_costly", "it took longer than 10 s"), EXIT.incomplete, "it took longer than 10 s", undefined],
    [ofServer("not_found", "no record x is stored"), EXIT.failed, "no record x is stored", undefined],
    [ofServer("not_permitted", "unknown Host"), EXIT.notAllowed, "unknown Host", undefined],
    [
      ofServer("rate_limited", "over 5 a second", { retryAfterMs: 4_200 }),
      EXIT.limited,
      "a:1 has no room for this: over 5 a second",
      "Try again in 5 s.",
    ],
    [
      ofServer("overloaded", "a queue is full"),
      EXIT.limited,
      "a:1 cannot answer now: a queue is full",
      "Try again later.",
    ],
    [
      ofServer("store_unavailable", "no store"),
      EXIT.unreachable,
      "a:1 cannot answer now: no store",
      "Try again later.",
    ],
    [ofServer("bug", "x"), EXIT.failed, "a:1 failed: internal error: the server's log has the details", undefined],
    [
      ofServer("unknown_method", "no such method"),
      EXIT.failed,
      "a:1 does not know this call: no such method",
      undefined,
    ],
    [
      new ConnectError("deadline", Code.DeadlineExceeded),
      EXIT.unreachable,
      "a:1 did not answer in time",
      "--timeout gives it longer.",
    ],
    [
      new ConnectError("HTTP 404", Code.Unimplemented),
      EXIT.unreachable,
      "no LogPulse can be reached at a:1: HTTP 404",
      expect.stringContaining("npm start"),
    ],
    [
      ConnectError.from(
        new AggregateError([new Error("connect ECONNREFUSED ::1:1"), new Error("connect ECONNREFUSED 127.0.0.1:1")]),
      ),
      EXIT.unreachable,
      "no LogPulse can be reached at a:1: connect ECONNREFUSED 127.0.0.1:1",
      expect.stringContaining("--addr"),
    ],
  ])("%s", (error, exitCode, message, advice) => {
    expect(callFailure(error, "a:1")).toMatchObject({ exitCode, message, advice });
  });

  it("leaves what is no error of a call", () => {
    const bug = new TypeError("x");
    expect(asCallFailure(bug, "a:1")).toBe(bug);
  });
});

describe("tries", () => {
  const never = new AbortController().signal;

  /** A call that fails so often. */
  function failing(times: number, error: ConnectError) {
    const state = { calls: 0 };
    const call = async () => {
      state.calls += 1;
      if (state.calls <= times) throw error;
      return "answer";
    };
    return { state, call };
  }

  it.each([
    ["unavailable twice", 2, ofServer("overloaded", "full", { retryAfterMs: 1 }), "answer", 3],
    ["limited once", 1, ofServer("rate_limited", "over", { retryAfterMs: 1 }), "answer", 2],
    ["unavailable for long", 9, ofServer("overloaded", "full", { retryAfterMs: 1 }), "full", 4],
    ["wrong", 9, ofServer("invalid_request", "wrong"), "wrong", 1],
    [
      "to be waited for longer than there is time",
      9,
      ofServer("rate_limited", "over", { retryAfterMs: 60_000 }),
      "over",
      1,
    ],
  ])("of a call that is %s", async (_what, times, error, outcome, calls) => {
    const { state, call } = failing(times, error);
    const told = await withTries({ timeoutMs: 5_000, onWait: () => undefined }, call, never).catch((e) => e.rawMessage);
    expect(told).toBe(outcome);
    expect(state.calls).toBe(calls);
  });

  it("tell of a wait that people notice", async () => {
    const said: string[] = [];
    const { call } = failing(1, ofServer("rate_limited", "over 5 a second", { retryAfterMs: 1_000 }));
    await withTries({ timeoutMs: 5_000, onWait: (text) => said.push(text) }, call, never);
    expect(said).toEqual(["over 5 a second; asking again in 1 s"]);
  });

  it("end with the signal", async () => {
    const { state, call } = failing(9, ofServer("rate_limited", "over", { retryAfterMs: 60_000 }));
    await expect(
      withTries({ timeoutMs: 3_600_000, onWait: () => undefined }, call, AbortSignal.timeout(50)),
    ).rejects.toThrow();
    expect(state.calls).toBe(2);
  });
});
