import { afterEach, expect, it } from "vitest";
import { recordQuery } from "../../../ports/log-search.fixture.ts";
import { makeStoreToRead, type StoreToRead } from "./reads.fixture.ts";

const TIMEOUT = { timeout: 60_000 };
const entry = new URL("./late-read-thread.fixture.ts", import.meta.url);
const EVERY = recordQuery("tenant", undefined, { startNanos: 0n, endNanos: 1n });
const patient = AbortSignal.timeout(600_000);
let store: StoreToRead | undefined;

afterEach(() => store?.close());

/** Keeps a thread busy with what nobody waits for any more. */
async function hold({ reads }: StoreToRead): Promise<void> {
  const caller = new AbortController();
  const held = reads.histogram(EVERY, 1n, caller.signal);
  await new Promise((resolve) => setTimeout(resolve, 100));
  caller.abort(new Error("hung up"));
  await expect(held).rejects.toThrow("hung up");
}

it("puts another thread in the place of one that is still at what nobody waits for", TIMEOUT, async () => {
  store = await makeStoreToRead({ entry, threads: 1, lateMsMax: 100 });
  const { reads, told } = store;
  await reads.check();
  await hold(store);
  await reads.check(); // Within its two seconds, which the statement takes longer than.
  expect(told.deaths).toEqual([{ reason: expect.objectContaining({ message: expect.any(String) }), isReplaced: true }]);
});

it("lets no more than twice as many threads be, and begins again when one of them has ended", TIMEOUT, async () => {
  store = await makeStoreToRead({ entry, threads: 1, lateMsMax: 100 });
  const { reads, told } = store;
  await reads.check();
  await hold(store);
  await reads.check();
  await hold(store);
  await expect(reads.check()).rejects.toMatchObject({ kind: "store_unavailable" });
  expect(told.deaths).toHaveLength(1);
  expect(await reads.countLetters({ tenant: "tenant" } as never, patient)).toBe(0); // Waits until it has its place.
  expect(told.deaths).toHaveLength(2);
});
