import { accessLogContract } from "../../../ports/access-log.contract.ts";
import { deadLetterTableContract } from "../../../ports/dead-letter-table.contract.ts";
import type { DeadLetterTable } from "../../../ports/dead-letter-table.ts";
import { logAggregatesContract } from "../../../ports/log-aggregates.contract.ts";
import { logLookupContract } from "../../../ports/log-lookup.contract.ts";
import { logSearchContract } from "../../../ports/log-search.contract.ts";
import { logStatsContract } from "../../../ports/log-stats.contract.ts";
import { ManualClock } from "../../../ports/manual-clock.ts";
import { SqliteDeadLetterTable } from "../store/dead-letter-table.ts";
import { makeStoreToRead } from "./reads.fixture.ts";

logSearchContract("sqlite", async () => {
  const { reads, store, close } = await makeStoreToRead();
  return { search: reads, store, close };
});
logAggregatesContract("sqlite", async () => {
  const { reads, store, close } = await makeStoreToRead();
  return { aggregates: reads, store, close };
});
logLookupContract("sqlite", async () => {
  const { sink, reads, close } = await makeStoreToRead();
  return { sink, lookup: reads, close };
});
accessLogContract("sqlite", async () => {
  const { sink, reads, close } = await makeStoreToRead();
  return { sink, accessLog: reads, close };
});
logStatsContract("sqlite", async () => {
  const { sink, reads, close } = await makeStoreToRead();
  return { sink, stats: reads, close };
});
// What is written goes to the table itself, in the store thread; what is read is asked of a read thread.
deadLetterTableContract("sqlite with its reads", async () => {
  const { tables, reads, close } = await makeStoreToRead();
  const clock = new ManualClock();
  const written = new SqliteDeadLetterTable(tables, clock);
  const table: DeadLetterTable = {
    prepare: () => written.prepare(),
    fill: (letters) => written.fill(letters),
    list: (query, page, signal) => reads.listLetters(query, page, signal),
    count: (query, signal) => reads.countLetters(query, signal),
    settle: (key, to) => written.settle(key, to),
    forgetBefore: (listedMs, signal) => written.forgetBefore(listedMs, signal),
  };
  return { table, pass: (ms) => clock.pass(ms), close };
});
