import { expect } from "vitest";
import { accessLogContract } from "../../../ports/access-log.contract.ts";
import { deadLetterTableContract } from "../../../ports/dead-letter-table.contract.ts";
import type { DeadLetterTable } from "../../../ports/dead-letter-table.ts";
import { hourSumsContract } from "../../../ports/hour-sums.contract.ts";
import { logAggregatesContract } from "../../../ports/log-aggregates.contract.ts";
import { logLookupContract } from "../../../ports/log-lookup.contract.ts";
import { logSearchContract } from "../../../ports/log-search.contract.ts";
import { logStatsContract } from "../../../ports/log-stats.contract.ts";
import { ManualClock } from "../../../ports/manual-clock.ts";
import { SqliteDeadLetterTable } from "../store/dead-letter-table.ts";
import { SqliteHourSums } from "../store/hour-sums.ts";
import { HOUR_STATE } from "../store/hour-tables.ts";
import { SqliteRetention } from "../store/retention.ts";
import { findInconsistencies } from "../store/store-consistency.ts";
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
hourSumsContract("sqlite", async () => {
  const clock = new ManualClock();
  const { file, tables, sink, reads, close } = await makeStoreToRead({}, { clock });
  return {
    hourSums: new SqliteHourSums({ tables, clock }),
    sink,
    stats: reads,
    retention: new SqliteRetention(tables),
    pass: (ms) => clock.pass(ms),
    summedUp: async (tenant) => {
      const states = tables.rollupDays().flatMap((day) => {
        const ofTenant = "tenant = (SELECT id FROM tenants WHERE name = ?)";
        const select = file.database.prepare(`SELECT hour, state FROM rollup_hour_states_${day} WHERE ${ofTenant}`);
        return select.all(Buffer.from(tenant));
      });
      const byHour = Map.groupBy(states, ({ hour }) => hour).values();
      return byHour.filter((ofHour) => ofHour.every(({ state }) => state === HOUR_STATE.summedUp)).toArray().length;
    },
    close: async () => {
      expect(findInconsistencies(file.database)).toEqual([]); // After all that the contract has done.
      await close();
    },
  };
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
