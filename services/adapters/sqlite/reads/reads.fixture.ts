import type { LoggedBatch } from "../../../domain/logged-batch.ts";
import type { Clock } from "../../../ports/clock.ts";
import { noDeadLetters } from "../../../ports/contract-batches.ts";
import { SqliteLogSink } from "../store/log-sink.ts";
import { makeTestFile, realClock, type TestFile } from "../store/store-rows.fixture.ts";
import { StoreTables } from "../store/store-tables.ts";
import type { ReadSettings } from "./read-threads.ts";
import { SqliteReads } from "./reads.ts";

/** A store that is filled in this thread and read by threads of its own, as in production. */
export interface StoreToRead {
  file: TestFile;
  tables: StoreTables;
  sink: SqliteLogSink;
  reads: SqliteReads;
  /** What the reads told. */
  told: { damages: unknown[]; deaths: { reason: unknown; isReplaced: boolean }[] };
  store(batches: LoggedBatch[]): Promise<void>;
  close(): Promise<void>;
}

/** With tables, unless `prepared` is false. `clock`: of the sink. */
export async function makeStoreToRead(
  settings: Partial<ReadSettings> = {},
  { prepared = true, clock = realClock }: { prepared?: boolean; clock?: Clock } = {},
): Promise<StoreToRead> {
  const file = makeTestFile();
  const tables = new StoreTables(file.database);
  const sink = new SqliteLogSink(tables, clock);
  if (prepared) await sink.prepare();
  const told: StoreToRead["told"] = { damages: [], deaths: [] };
  const reads = new SqliteReads({
    path: file.path,
    onDamage: (reason) => told.damages.push(reason),
    onThreadDeath: (reason, isReplaced) => told.deaths.push({ reason, isReplaced }),
    ...settings,
  });
  const signal = AbortSignal.timeout(600_000);
  return {
    file,
    tables,
    sink,
    reads,
    told,
    store: async (batches) => {
      for (const batch of batches) await sink.store([batch], noDeadLetters, signal);
    },
    close: async () => {
      await reads.close();
      file.remove();
    },
  };
}
