import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "vitest";
import { Readiness } from "./readiness.ts";

const INGEST = "logpulse.v1.IngestService";
const QUERY = "logpulse.v1.QueryService";
const SERVICES = new Set([INGEST, QUERY]);

function checkOf(name: string, services: string[], check: () => Promise<void>) {
  return { name, services, check };
}

describe("Readiness", () => {
  it("names each part that does not pass, and why", async () => {
    const readiness = new Readiness(
      [
        checkOf("log", [INGEST], async () => {}),
        checkOf("store", [QUERY], async () => Promise.reject(new Error("connection refused"))),
        checkOf("cache", [], () => sleep(10_000)),
        checkOf("broken", [], () => {
          throw new Error("thrown at once");
        }),
      ],
      50,
    );
    assert.deepEqual(await readiness.look(), [
      { name: "store", reason: "connection refused" },
      { name: "cache", reason: "no answer within 50 ms" },
      { name: "broken", reason: "thrown at once" },
    ]);
    assert.equal(readiness.isServing(INGEST, SERVICES), true);
    assert.equal(readiness.isServing(QUERY, SERVICES), false);
    assert.equal(readiness.isServing("", SERVICES), true);
    assert.equal(readiness.isServing("logpulse.v1.Nope", SERVICES), undefined);
  });

  it("has not seen anything before the first look", () => {
    const readiness = new Readiness([], 50);
    assert.equal(readiness.isServing(INGEST, SERVICES), false);
    assert.equal(readiness.isServing("", SERVICES), true);
  });

  it("looks once for all who ask at the same time", async () => {
    let looks = 0;
    const check = async () => {
      looks += 1;
      await sleep(10);
    };
    const readiness = new Readiness([checkOf("log", [], check)], 50);
    await Promise.all([readiness.look(), readiness.look(), readiness.look()]);
    assert.equal(looks, 1);
    await readiness.look();
    assert.equal(looks, 2);
  });

  it("names the services that take no calls: after three failures in a row, and by the checks that they need", async () => {
    let away = false;
    const check = async () => {
      if (away) throw new Error("away");
    };
    const readiness = new Readiness([checkOf("store", [QUERY], check), checkOf("search", [], check)], 50);
    assert.deepEqual(readiness.notServing(SERVICES), [INGEST, QUERY]); // Nobody has looked.
    await readiness.look();
    assert.deepEqual(readiness.notServing(SERVICES), []);
    away = true;
    for (const expected of [[], [], [QUERY], [QUERY]]) {
      await readiness.look();
      assert.deepEqual(readiness.notServing(SERVICES), expected);
    }
    away = false;
    await readiness.look();
    assert.deepEqual(readiness.notServing(SERVICES), []);
    readiness.drain();
    assert.deepEqual(readiness.notServing(SERVICES), [INGEST, QUERY]);
  });

  it("is over when the process announces that it stops, though it does not drain yet", async () => {
    const readiness = new Readiness([], 50);
    await readiness.look();
    assert.deepEqual([readiness.isStopping, readiness.isDraining], [false, false]);
    readiness.announceStop();
    assert.deepEqual([readiness.isStopping, readiness.isDraining], [true, false]);
    assert.deepEqual(await readiness.look(), [{ name: "process", reason: "it is stopping" }]);
    assert.deepEqual(readiness.notServing(SERVICES), [INGEST, QUERY]);
    readiness.drain();
    assert.deepEqual([readiness.isStopping, readiness.isDraining], [true, true]);
  });

  it("is over when the process drains, and says so to those who watch", async () => {
    const readiness = new Readiness([], 50);
    let calls = 0;
    const unwatch = readiness.watch(() => {
      calls += 1;
    });
    await readiness.look();
    readiness.drain();
    assert.equal(calls, 2);
    unwatch();
    assert.deepEqual(await readiness.look(), [{ name: "process", reason: "it is stopping" }]);
    assert.equal(calls, 2);
    assert.equal(readiness.isServing("", SERVICES), false);
    assert.equal(readiness.isServing(INGEST, SERVICES), false);
  });
});
