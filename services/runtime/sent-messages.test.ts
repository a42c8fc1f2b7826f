import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "vitest";
import { LogPulseError } from "../domain/errors.ts";
import { SentMessages } from "./sent-messages.ts";

const never = () => assert.fail("a message was not taken");
const DONE = { done: true, value: undefined };

/** Whether a promise has settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const settled = await Promise.race([
    promise.then(
      () => true,
      () => true,
    ),
    sleep(5).then(() => false),
  ]);
  return settled;
}

describe("SentMessages", () => {
  it("passes each message on in order, and holds its sender until the next is asked for", async () => {
    const sent = new SentMessages<number>(10_000, never);
    const first = sent.send(1);
    assert.deepEqual(await sent.next(), { done: false, value: 1 });
    assert.equal(await isSettled(first), false);
    const asked = sent.next();
    await first;
    const second = sent.send(2);
    assert.deepEqual(await asked, { done: false, value: 2 });
    const last = sent.next();
    await second;
    sent.end();
    assert.deepEqual(await last, DONE);
    assert.deepEqual(await sent.next(), DONE);
  });

  it("carries any number of messages between two loops", async () => {
    const sent = new SentMessages<number>(10_000, never);
    const got: number[] = [];
    const sending = (async () => {
      for (let number = 0; number < 1_000; number += 1) await sent.send(number);
      sent.end();
    })();
    for await (const message of sent) got.push(message);
    await sending;
    assert.deepEqual(
      got,
      Array.from({ length: 1_000 }, (_, index) => index),
    );
  });

  it("ends with an error for both, once", async () => {
    const sent = new SentMessages<number>(10_000, never);
    const waiting = sent.send(1);
    const reason = new LogPulseError("overloaded", "too much");
    sent.end(reason);
    sent.end(new Error("later"));
    await assert.rejects(waiting, reason);
    await assert.rejects(sent.next(), reason);
    await assert.rejects(sent.send(2), reason);
  });

  it("tells the sender that the other side has gone", async () => {
    const sent = new SentMessages<number>(10_000, never);
    const waiting = sent.send(1);
    const refused = assert.rejects(waiting, { kind: "cancelled" });
    assert.deepEqual(await sent.return(), DONE);
    await refused;
    await assert.rejects(sent.send(2), { kind: "cancelled" });
  });

  it("tells when a message is not taken in time", async () => {
    const { promise, resolve } = Promise.withResolvers<LogPulseError>();
    const sent = new SentMessages<number>(30, (reason) => {
      sent.end(reason);
      resolve(reason);
    });
    await assert.rejects(sent.send(1), { kind: "deadline_exceeded" });
    assert.match((await promise).message, /was not read within 30 ms/);
  });
});
