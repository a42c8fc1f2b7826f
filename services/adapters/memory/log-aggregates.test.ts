import { logAggregatesContract } from "../../ports/log-aggregates.contract.ts";
import { keptRecords } from "./kept-records.fixture.ts";
import { MemoryLogAggregates } from "./log-aggregates.ts";

logAggregatesContract("memory", async () => {
  const { recordsOf, store } = keptRecords();
  return { aggregates: new MemoryLogAggregates(recordsOf), store, close: async () => {} };
});
