/**
 * A process for `store-crash.process.test.ts` to kill: stores the same batches in a loop, from the first on, as the store
 * thread does, with a position behind each, checkpoints now and then, and sums of hours more often than in earnest.
 * Arguments: path of the store's file, time of the producers in milliseconds, count of batches.
 */

import { HOUR_QUIET_MS_MIN } from "../../../domain/limits.ts";
import { KILLED_LOG_ID, killedBatch } from "../log/killed-batches.fixture.ts";
import { StoreCheckpoints } from "./checkpoints.ts";
import { SqliteDeadLetters } from "./dead-letters.ts";
import { SqliteHourSums } from "./hour-sums.ts";
import { SqliteLogSink } from "./log-sink.ts";
import { openStoreFile } from "./store-file.ts";
import { StorePositions } from "./store-positions.ts";
import { realClock } from "./store-rows.fixture.ts";
import { StoreTables } from "./store-tables.ts";

const [path = "", producerMs = "", count = ""] = process.argv.slice(2);
const { database } = openStoreFile({ path, rebuildable: false, nowMs: Date.now() });
const tables = new StoreTables(database);
const positions = new StorePositions(tables);
const warn = (facts: object, message: string) => console.error(message, facts);
const checkpoints = new StoreCheckpoints({
  tables,
  clock: realClock,
  logger: { debug: () => {}, info: () => {}, warn, error: warn },
  positions: () => positions.committed,
  onFinished: () => {},
});
const sink = new SqliteLogSink(tables, realClock, { checkpoints });
const later = { ...realClock, nowMs: () => Date.now() + HOUR_QUIET_MS_MIN };
const hourSums = new SqliteHourSums({ tables, clock: later, checkpoints });
const deadLetters = new SqliteDeadLetters(tables, realClock);
const { signal } = new AbortController();

const [start = 0n] = positions.positionsOf(KILLED_LOG_ID, 1);
checkpoints.start();
process.stdout.write("started\n");
// One back: what comes twice must change nothing.
for (let index = Math.max(0, Number(start) - 1); index < Number(count); index++) {
  await sink.store([killedBatch(Number(producerMs), index)], deadLetters, signal);
  positions.commit(KILLED_LOG_ID, 0, BigInt(index + 1));
  if (index % 3 === 0) await hourSums.sumUp(signal);
  await new Promise((resolve) => setImmediate(resolve));
}
await checkpoints.stop();
database.close();
