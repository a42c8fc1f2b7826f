import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { isKind, type LogPulseError } from "../domain/errors.ts";
import { RECEIVED_BYTES_FREE, RECEIVED_BYTES_PER_SECOND_MIN, RECEIVED_SILENT_MS_MAX } from "../domain/limits.ts";
import { ReceivedBytes } from "./received-bytes.ts";

const BYTES_MAX = 1_000_000;

describe("ReceivedBytes", () => {
  function room() {
    let nowMs = 0;
    const received = new ReceivedBytes(BYTES_MAX, () => nowMs);
    const pass = (ms: number) => {
      nowMs += ms;
    };
    /** A call that waits for its client. */
    const call = () => {
      const share = received.open();
      const ended: LogPulseError[] = [];
      share.waitForClient((reason) => ended.push(reason));
      return { share, ended };
    };
    return { received, pass, call };
  }

  const isOverloaded = (reason: unknown) => isKind(reason, "overloaded") && reason.retryAfterMs === 1_000;

  it("refuses what goes beyond it, takes it when others have ended, and comes back to nothing", () => {
    const { received, call } = room();
    const [first, second] = [call(), call()];
    first.share.add(900_000);
    assert.throws(() => second.share.add(200_000), isOverloaded);
    first.share.close();
    second.share.add(200_000);
    second.share.set(10);
    assert.equal(received.held, 10);
    second.share.close();
    second.share.add(10); // A piece that comes after the end is not held.
    assert.equal(received.held, 0);
  });

  it("has always room for a little", () => {
    const { call } = room();
    call().share.add(999_000);
    for (let count = 0; count < 100; count += 1) call().share.add(1_000);
    assert.throws(() => call().share.add(RECEIVED_BYTES_FREE), isOverloaded);
  });

  it("counts what many small pieces cost", () => {
    const { received, call } = room();
    const { share } = call();
    for (let count = 0; count < 1_000; count += 1) share.add(1);
    assert.ok(received.held > 100_000);
  });

  it("ends the silent and the slow when room is short, and nobody before", () => {
    const { pass, call } = room();
    const [silent, slow, steady] = [call(), call(), call()];
    for (const { share } of [silent, slow, steady]) share.add(300_000);
    const halfSeconds = (2 * RECEIVED_SILENT_MS_MAX) / 500;
    for (let count = 0; count < halfSeconds; count += 1) {
      pass(500);
      slow.share.add(1);
      steady.share.set(200_000); // A message of its stream has been taken over.
      steady.share.add(RECEIVED_BYTES_PER_SECOND_MIN / 2);
    }
    assert.deepEqual(
      [silent, slow, steady].map(({ ended }) => ended.length),
      [0, 0, 0],
    );
    call().share.add(500_000);
    assert.deepEqual(
      [silent, slow, steady].map(({ ended }) => ended.length),
      [1, 1, 0],
    );
    assert.ok(isOverloaded(silent.ended[0]));
  });

  it("leaves a call alone that does not wait for its client, however long it works", () => {
    const { pass, call } = room();
    const working = call();
    working.share.add(900_000);
    working.share.waitForClient(undefined);
    pass(60_000);
    assert.throws(() => call().share.add(500_000), isOverloaded);
    working.share.waitForClient((reason) => working.ended.push(reason)); // Its time begins only now.
    pass(500);
    assert.throws(() => call().share.add(500_000), isOverloaded);
    assert.equal(working.ended.length, 0);
  });
});
