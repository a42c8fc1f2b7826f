import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "vitest";
import { isKind, LogPulseError } from "../domain/errors.ts";
import { CallsInFlight } from "./calls-in-flight.ts";

const overloaded = (reason: unknown) => isKind(reason, "overloaded");

describe("CallsInFlight", () => {
  it("counts the calls that a stop waits for, and bounds all of them", () => {
    const calls = new CallsInFlight(2);
    const first = calls.begin(true);
    calls.begin(false);
    assert.equal(calls.count, 1);
    assert.throws(() => calls.begin(true), overloaded);
    first.end();
    assert.equal(calls.count, 0);
    calls.begin(true).end();
  });

  it("aborts once, with the first reason, and never after the end", () => {
    const reasons: string[] = [];
    const calls = new CallsInFlight(2);
    const call = calls.begin(true, (reason) => reasons.push(reason.message));
    call.abort(new LogPulseError("cancelled", "first"));
    call.abort(new LogPulseError("cancelled", "second"));
    assert.deepEqual(reasons, ["first"]);
    assert.equal((call.signal.reason as Error).message, "first");
    const ended = calls.begin(true);
    ended.end();
    ended.abort(new LogPulseError("cancelled", "late"));
    assert.equal(ended.signal.aborted, false);
  });

  it("drains at once where nothing is open", async () => {
    assert.equal(await new CallsInFlight(2).drain(10_000, 10_000), 0);
  });

  it("waits for calls that end by themselves, takes new ones meanwhile, and none afterwards", async () => {
    const calls = new CallsInFlight(10);
    const call = calls.begin(true);
    const drained = calls.drain(10_000, 10_000);
    await sleep(20);
    const second = calls.begin(true);
    call.end();
    await sleep(20);
    second.end();
    assert.equal(await drained, 0);
    assert.equal(call.signal.aborted, false);
    assert.throws(() => calls.begin(true), overloaded);
  });

  it("tells calls that it stops before it waits for them, and those that come meanwhile", async () => {
    const calls = new CallsInFlight(10);
    const call = calls.begin(true);
    calls.stopping.addEventListener("abort", () => call.end());
    assert.equal(calls.stopping.aborted, false);
    assert.equal(await calls.drain(10_000, 10_000), 0);
    assert.equal(call.signal.aborted, false);
    assert.ok(isKind(calls.stopping.reason, "overloaded"));
    assert.match(calls.stopping.reason.message, /on a new stream/);
  });

  it("aborts those that do not end, waits a little more, and says how many were left", async () => {
    const calls = new CallsInFlight(10);
    const obedient = calls.begin(true, () => void sleep(10).then(() => obedient.end()));
    const stubborn = calls.begin(true);
    const watch = calls.begin(false);
    assert.equal(await calls.drain(20, 50), 1);
    for (const { signal } of [obedient, stubborn, watch]) assert.ok(isKind(signal.reason, "overloaded"));
  });

  it("does not wait for calls that need not be waited for", async () => {
    const calls = new CallsInFlight(10);
    const watch = calls.begin(false);
    assert.equal(await calls.drain(10_000, 10_000), 0);
    assert.equal(watch.signal.aborted, true);
  });
});
