import { afterEach, beforeEach, expect, it } from "vitest";
import { attribute } from "../../../domain/conditions.fixture.ts";
import { MARKS_PER_RECORD_MAX } from "../../../domain/limits.ts";
import type { RecordToBuild } from "../../../ports/build-logged-batch.ts";
import { newTenant, storeOne } from "../../../ports/contract-batches.ts";
import { recordQuery, searchPage } from "../../../ports/log-search.fixture.ts";
import { findInconsistencies } from "../store/store-consistency.ts";
import { makeStoreToRead, type StoreToRead } from "./reads.fixture.ts";

let store: StoreToRead;
beforeEach(async () => {
  store = await makeStoreToRead();
});
afterEach(() => store.close());

it("finds each value of a record that has more of them than are marked", async () => {
  const tenant = newTenant();
  const list = Array.from({ length: 2 * MARKS_PER_RECORD_MAX }, (_, index) => `value ${index}`);
  const records: RecordToBuild[] = [
    { attributes: { list } },
    { attributes: { list: ["value 1"], first: list } },
    { message: "none" },
  ];
  await storeOne(store.sink, { tenant, records });
  const find = async (value: string) => {
    const query = recordQuery(tenant, attribute("list", value));
    const { records: found } = await store.reads.search(query, searchPage(), AbortSignal.timeout(60_000));
    return found.map(({ seq }) => seq).sort();
  };
  expect(await find("value 1")).toEqual([0, 1]);
  for (const value of [list[MARKS_PER_RECORD_MAX]!, list.at(-1)!]) expect(await find(value)).toEqual([0]);
  expect(await find("value")).toEqual([]);
  expect(findInconsistencies(store.file.database)).toEqual([]);
});
