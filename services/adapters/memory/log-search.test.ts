import { logSearchContract } from "../../ports/log-search.contract.ts";
import { keptRecords } from "./kept-records.fixture.ts";
import { MemoryLogSearch } from "./log-search.ts";

logSearchContract("memory", async () => {
  const { recordsOf, store } = keptRecords();
  return { search: new MemoryLogSearch(recordsOf), store, close: async () => {} };
});
