import { afterEach, expect, it } from "vitest";
import { recordQuery, searchPage } from "../../../ports/log-search.fixture.ts";
import { makeStoreToRead, type StoreToRead } from "./reads.fixture.ts";

const TIMEOUT = { timeout: 30_000 }; // A thread takes a while to begin where others need the processor too.
const entry = new URL("./failing-long-read.fixture.ts", import.meta.url);
const signal = AbortSignal.timeout(600_000);
let store: StoreToRead;

afterEach(() => store.close());

async function search(tenant: string) {
  store = await makeStoreToRead({ entry, threads: 1 });
  await store.reads.countLetters({ tenant }, signal); // The thread has begun.
  return store.reads.search(recordQuery(tenant), searchPage({ msMax: 1_000 }), signal);
}

it("answers a search with what its first look has found where the long read had too little time", TIMEOUT, async () => {
  expect(await search("late")).toEqual({ records: [], isPartial: true, isCut: false });
});

it.each([
  ["bug", "bug"],
  ["damage", "store_unavailable"],
])("does not hide what else the long read failed with, however late it was: %s", TIMEOUT, async (tenant, kind) => {
  await expect(search(tenant)).rejects.toMatchObject({ kind });
  expect(store.told.damages).toHaveLength(tenant === "damage" ? 1 : 0);
});
