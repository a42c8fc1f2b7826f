import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { EXIT } from "../exit-code.ts";
import { failedCall } from "./grpc-target.ts";
import { failedAnswer, noAnswer, retryAfterMs } from "./http-answers.ts";

const NOW_MS = Date.parse("2026-03-01T10:00:00Z");
const ours = (reason: string) =>
  JSON.stringify({
    code: 14,
    message: "told",
    details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason }],
  });

const answer = (status: number, body = "", retryAfter?: string) => failedAnswer({ status, body, retryAfter }, NOW_MS);

describe("what an answer of HTTP means", () => {
  it.each([
    [
      429,
      ours("RATE_LIMITED"),
      "2",
      { kind: "later", reason: "told", waitMs: 2_000, mayBeKept: false, exitCode: EXIT.limited },
    ],
    [429, "slow down", undefined, { kind: "later", reason: "slow down", waitMs: undefined, mayBeKept: false }],
    [503, ours("OVERLOADED"), "1", { kind: "later", waitMs: 1_000, mayBeKept: false, exitCode: EXIT.limited }],
    [503, ours("LOG_UNAVAILABLE"), "1", { kind: "later", mayBeKept: true }],
    [503, "no healthy upstream", undefined, { kind: "later", reason: "no healthy upstream", mayBeKept: true }],
    [504, "", undefined, { kind: "later", reason: "HTTP 504", mayBeKept: true, exitCode: EXIT.unreachable }],
    [500, "<html>", undefined, { kind: "later", reason: "<html>", mayBeKept: true }],
    [400, ours("INVALID_REQUEST"), undefined, { kind: "refused", reason: "told", exitCode: EXIT.incomplete }],
    [403, "", undefined, { kind: "refused", exitCode: EXIT.notAllowed }],
    [404, "not here", undefined, { kind: "refused", reason: "not here", exitCode: EXIT.incomplete }],
    [302, "", undefined, { kind: "refused", reason: "HTTP 302" }],
  ])("%i %s", (status, body, retryAfter, expected) => {
    expect(answer(status, body, retryAfter)).toMatchObject({ name: String(status), ...expected });
  });

  it.each(["null", "[]", "1", '{"message":5}', '{"message":"x","details":{}}', '{"message":"x","details":[null]}'])(
    "a body that is other JSON is none of ours: %s",
    (body) => expect(answer(503, body)).toMatchObject({ kind: "later", mayBeKept: true }),
  );

  it("long bodies are told by their beginning", () => {
    expect(answer(500, "x".repeat(10_000))).toMatchObject({ reason: "x".repeat(300) });
  });
});

describe("Retry-After", () => {
  it.each([
    ["0", 0],
    ["120", 120_000],
    ["Sun, 01 Mar 2026 10:00:30 GMT", 30_000],
    ["Sun, 01 Mar 2026 09:00:00 GMT", 0],
    ["soon", undefined],
    ["-5", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("%s", (text, expected) => expect(retryAfterMs(text, NOW_MS)).toBe(expected));
});

describe("no answer", () => {
  const withCode = (code: string) => Object.assign(new Error(`connect ${code}`), { code });

  it.each([
    ["a refused connection", withCode("ECONNREFUSED"), { isUnreachable: true, mayBeKept: false }],
    ["an unknown name", withCode("ENOTFOUND"), { isUnreachable: true, mayBeKept: false }],
    ["several addresses, all refused", new AggregateError([withCode("ECONNREFUSED")]), { isUnreachable: true }],
    ["a cut connection", withCode("ECONNRESET"), { isUnreachable: false, mayBeKept: true }],
    ["a time that is over", new Error("no answer within 5 ms"), { isUnreachable: false, mayBeKept: true }],
  ])("%s", (_name, reason, expected) => {
    expect(noAnswer(reason)).toMatchObject({
      kind: "later",
      name: "no answer",
      exitCode: EXIT.unreachable,
      ...expected,
    });
  });
});

describe("what an error of gRPC means", () => {
  const error = (code: Code, metadata = {}) => new ConnectError("told", code, metadata);
  const broken = (code: string, told = Code.Unavailable) =>
    new ConnectError("broke", told, undefined, undefined, Object.assign(new Error("x"), { code }));

  it.each([
    [error(Code.ResourceExhausted, { "retry-after": "3" }), { kind: "later", waitMs: 3_000, exitCode: EXIT.limited }],
    [error(Code.Unavailable), { kind: "later", name: "Unavailable", waitMs: undefined, exitCode: EXIT.limited }],
    [broken("ECONNREFUSED"), { kind: "later", isUnreachable: true, exitCode: EXIT.unreachable }],
    [broken("ECONNRESET"), { kind: "later", isUnreachable: false }],
    [error(Code.DeadlineExceeded), { kind: "later", name: "no answer", mayBeKept: true }],
    [error(Code.Canceled), { kind: "later", name: "no answer" }],
    [broken("ECONNRESET", Code.Aborted), { kind: "later", name: "no answer", mayBeKept: true }],
    [broken("ERR_HTTP2_STREAM_ERROR", Code.Internal), { kind: "later", name: "no answer" }],
    [error(Code.Internal), { kind: "later", name: "Internal", mayBeKept: true, exitCode: EXIT.unreachable }],
    [error(Code.Unknown), { kind: "later", name: "Unknown", reason: "told", mayBeKept: true }],
    [error(Code.Aborted), { kind: "later", name: "Aborted", isUnreachable: false }],
    [error(Code.InvalidArgument), { kind: "refused", name: "InvalidArgument", exitCode: EXIT.incomplete }],
    [error(Code.PermissionDenied), { kind: "refused", exitCode: EXIT.notAllowed }],
  ])("%s", (reason, expected) => expect(failedCall(reason, NOW_MS)).toMatchObject(expected));
});
