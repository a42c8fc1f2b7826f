import { RECORD_BYTES_MAX } from "../../domain/limits.ts";
import { logSinkContract } from "../../ports/log-sink.contract.ts";
import { SqliteLogSink } from "./log-sink.ts";
import { SqliteRetention } from "./retention.ts";
import { makeTestFile, realClock, storedRecords } from "./store-rows.fixture.ts";
import { StoreTables } from "./store-tables.ts";

async function makeStore() {
  const file = makeTestFile();
  const tables = new StoreTables(file.database);
  return {
    sink: new SqliteLogSink(tables, realClock),
    stored: async (tenant: string) => storedRecords(file.database, tenant),
    retention: new SqliteRetention(tables),
    judgesConflicts: true,
    refusedRecord: { message: "x".repeat(RECORD_BYTES_MAX) },
    modelRuns: 300,
    close: async () => file.remove(),
  };
}

logSinkContract("sqlite", makeStore);
