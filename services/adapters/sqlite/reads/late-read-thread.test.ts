import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { recordQuery } from "../../../ports/log-search.fixture.ts";
import { makeStoreToRead, type StoreToRead } from "./reads.fixture.ts";

const TIMEOUT = { timeout: 60_000 };
const entry = new URL("./late-read-thread.fixture.ts", import.meta.url);
const LATE_MS = 100;
const SETTINGS = { entry, threads: 1, lateMsMax: LATE_MS, queryMsMax: 60_000 };
const LATE = {
  reason: expect.objectContaining({ message: expect.stringContaining("still at a read") }),
  isReplaced: true,
};
const EVERY = recordQuery("tenant", undefined, { startNanos: 0n, endNanos: 1n });
const patient = AbortSignal.timeout(600_000);
let store: StoreToRead | undefined;

afterEach(() => store?.close());

/** Keeps a thread busy with what nobody waits for any more. */
async function hold({ reads }: StoreToRead): Promise<void> {
  const caller = new AbortController();
  const held = reads.histogram(EVERY, 1n, caller.signal);
  await sleep(100); // It has begun.
  caller.abort(new Error("hung up"));
  await expect(held).rejects.toThrow("hung up");
}

/** Any read that is soon over: waits until a thread answers it. */
function ask({ reads }: StoreToRead): Promise<number> {
  return reads.countLetters({ tenant: "tenant" }, patient);
}

it("puts another thread in the place of one that is still at what nobody waits for", TIMEOUT, async () => {
  store = await makeStoreToRead(SETTINGS);
  await ask(store);
  await hold(store);
  expect(await ask(store)).toBe(0);
  expect(store.told.deaths).toEqual([LATE]);
});

it("lets no more than twice as many threads be, and begins again when one of them has ended", TIMEOUT, async () => {
  store = await makeStoreToRead(SETTINGS);
  await ask(store);
  await hold(store);
  await ask(store);
  await hold(store);
  await sleep(5 * LATE_MS);
  expect(store.told.deaths).toEqual([LATE]); // The second one is late too, and keeps its place.
  expect(await ask(store)).toBe(0);
  expect(store.told.deaths).toEqual([LATE, expect.objectContaining({ isReplaced: true })]);
});
