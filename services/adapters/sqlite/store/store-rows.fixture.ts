import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { fromBinary } from "@bufbuild/protobuf";
import { LogRecordSchema } from "../../../../gen/logpulse/v1/log_record_pb.ts";
import { nanosToTimestamp } from "../../../domain/record-time.ts";
import type { StoredRecord } from "../../../domain/stored-record.ts";
import type { Clock } from "../../../ports/clock.ts";
import { openDatabase } from "../database.ts";

/** A clock for tests that really wait. */
export const realClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** A store's file in a folder of its own. */
export interface TestFile {
  folder: string;
  path: string;
  database: DatabaseSync;
  /** Closes the file and removes the folder. */
  remove(): void;
}

/** An empty file, without tables yet. */
export function makeTestFile(): TestFile {
  const folder = mkdtempSync(join(tmpdir(), "logpulse-sqlite-"));
  const path = join(folder, "store.db");
  const database = openDatabase(path, { synchronous: "NORMAL", cacheKiB: 8_192 });
  const remove = () => {
    if (database.isOpen) database.close();
    rmSync(folder, { recursive: true });
  };
  return { folder, path, database, remove };
}

/** Everything stored for the tenant, read straight from the tables. */
export function storedRecords(database: DatabaseSync, tenant: string): StoredRecord[] {
  const days = database.prepare("SELECT day FROM record_days").all();
  return days.flatMap(({ day }) => {
    const select = database.prepare(
      `SELECT producer, seq, time_ns, received_ns, record FROM records_${day}
        WHERE tenant = (SELECT id FROM tenants WHERE name = ?)`,
    );
    select.setReadBigInts(true);
    return select.all(Buffer.from(tenant)).map((row): StoredRecord => {
      const record = fromBinary(LogRecordSchema, row.record as Uint8Array);
      record.time ??= nanosToTimestamp(row.time_ns as bigint);
      const producer = Buffer.from(row.producer as Uint8Array).toString("hex");
      return { producer, seq: Number(row.seq), record, receivedNanos: row.received_ns as bigint };
    });
  });
}
