import { afterEach, expect, it } from "vitest";
import { recordQuery, searchPage } from "../../../ports/log-search.fixture.ts";
import { makeStoreToRead, type StoreToRead } from "./reads.fixture.ts";
import type { SqliteReads } from "./reads.ts";

const DEATHS_IN_ROW_MAX = 2;
const TIMEOUT = { timeout: 30_000 }; // A thread takes a while to begin where others need the processor too.
const signal = AbortSignal.timeout(600_000);
const entry = new URL("./dying-read-thread.fixture.ts", import.meta.url);
const dead = { kind: "store_unavailable", message: "the thread that read has died" };
const EVERY = recordQuery("tenant", undefined, { startNanos: 0n, endNanos: 1n });
const DEADLY = {
  histogram: (reads: SqliteReads) => reads.histogram(EVERY, 1_000_000n, signal),
  timeSpan: (reads: SqliteReads) => reads.timeSpan(EVERY, signal),
  facets: (reads: SqliteReads) => reads.facets(EVERY, [{ kind: "level" }], 10, signal),
};
let store: StoreToRead | undefined;

afterEach(() => store?.close());

it.each([["histogram" as const], ["timeSpan" as const], ["facets" as const]])(
  "rejects the read with which a thread dies (%s), and puts another one in its place",
  TIMEOUT,
  async (deadly) => {
    store = await makeStoreToRead({ entry, threads: 1, deathsInRowMax: DEATHS_IN_ROW_MAX });
    const { reads, told } = store;
    for (let deaths = 1; deaths <= DEATHS_IN_ROW_MAX + 2; deaths++) {
      const fatal = DEADLY[deadly](reads);
      const waiting = reads.search(recordQuery("tenant"), searchPage(), signal);
      await expect(fatal).rejects.toMatchObject(dead);
      expect(await waiting).toEqual({ records: [], isPartial: false, isCut: false }); // An answer: the count of deaths begins anew.
      expect(told.deaths).toHaveLength(deaths);
      expect(told.deaths.at(-1)).toMatchObject({ isReplaced: true });
    }
  },
);

it("gives up where threads die without an answer between", TIMEOUT, async () => {
  store = await makeStoreToRead({ entry, threads: 2, deathsInRowMax: DEATHS_IN_ROW_MAX });
  const { reads, told } = store;
  const deathsMax = 2 * (DEATHS_IN_ROW_MAX + 1);
  const asked = Array.from({ length: deathsMax + 5 }, () =>
    reads.get("tenant", { producer: "0".repeat(32), seq: 0 }, signal),
  );
  for (const { status, reason } of (await Promise.allSettled(asked)) as PromiseRejectedResult[]) {
    expect({ status, reason }).toMatchObject({ status: "rejected", reason: dead });
  }
  expect(told.deaths).toHaveLength(deathsMax);
  expect(told.deaths.filter(({ isReplaced }) => !isReplaced)).toHaveLength(2);
  await expect(reads.check()).rejects.toMatchObject(dead);
});
