import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it, onTestFinished } from "vitest";
import { LogPulseError } from "../domain/errors.ts";
import { HttpRefusal, sendAnswer, sendError } from "./http-answer.ts";
import { toStatus } from "./rpc-status.ts";

/** What a client gets of an answer. */
async function got(send: (response: Parameters<typeof sendAnswer>[0]) => void, method = "GET"): Promise<Response> {
  const server = createServer((_, response) => send(response)).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  return fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { method });
}

describe("HTTP answers", () => {
  it("have type, length and no guessing", async () => {
    const answer = await got((response) => sendAnswer(response, 201, "application/json", '"é🦊"', { "x-more": "a" }));
    assert.equal(answer.status, 201);
    const named = ["content-type", "content-length", "x-content-type-options", "x-more"];
    assert.deepEqual(
      named.map((name) => answer.headers.get(name)),
      ["application/json", "8", "nosniff", "a"],
    );
    assert.equal(await answer.text(), '"é🦊"');
  });

  it("have no body for HEAD", async () => {
    const answer = await got((response) => sendAnswer(response, 200, "text/plain", "hello"), "HEAD");
    assert.deepEqual([answer.headers.get("content-length"), await answer.text()], ["5", ""]);
  });

  it.each([
    [HttpRefusal.unknownPath("nothing here"), 404, 5, "UNKNOWN_METHOD"],
    [HttpRefusal.otherMethod("not so", ["GET", "POST"]), 405, 12, "UNKNOWN_METHOD"],
    [HttpRefusal.tooLarge("too much", 7), 413, 3, "INVALID_REQUEST"],
    [HttpRefusal.unknownType("what is it"), 415, 3, "INVALID_REQUEST"],
    [toStatus(new LogPulseError("store_unavailable", "away", { retryAfterMs: 1_200 })), 503, 14, "STORE_UNAVAILABLE"],
  ])("of errors are google.rpc.Status: %s", async (error, httpStatus, code, reason) => {
    const answer = await got((response) => sendError(response, error));
    const body = (await answer.json()) as { code: number; details: { reason: string; metadata?: object }[] };
    assert.deepEqual([answer.status, body.code, body.details[0]?.reason], [httpStatus, code, reason]);
    assert.equal(answer.headers.get("allow"), httpStatus === 405 ? "GET, POST" : null);
    assert.equal(answer.headers.get("retry-after"), httpStatus === 503 ? "2" : null);
    if (httpStatus === 413) assert.deepEqual(body.details[0]?.metadata, { limit: "7" });
  });
});
