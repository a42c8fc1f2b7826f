import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildLoggedBatch, newProducer } from "../../../ports/build-logged-batch.ts";
import { counts, newTenant, noDeadLetters, request } from "../../../ports/contract-batches.ts";
import { ManualClock } from "../../../ports/manual-clock.ts";
import { ReadBound } from "../reads/read-bound.ts";
import { ReadConnection } from "../reads/read-connection.ts";
import { SqliteHourSums } from "./hour-sums.ts";
import { HOUR_STATE } from "./hour-tables.ts";
import { SqliteLogSink } from "./log-sink.ts";
import { findInconsistencies } from "./store-consistency.ts";
import { openStoreFile } from "./store-file.ts";
import { makeTestFile, realClock, storedRecords, type TestFile } from "./store-rows.fixture.ts";
import { StoreTables } from "./store-tables.ts";
import { storeInVersion1 } from "./version-1-store.fixture.ts";
import { storeInVersion2 } from "./version-2-store.fixture.ts";

describe.each([
  [1, storeInVersion1],
  [2, storeInVersion2],
])("a store's file of version %i", (version, storeInVersion) => {
  const tenant = newTenant();
  const producer = newProducer();
  const records = [-3_600_000_000_001n, -1n, 0n, 1n, 60_000_000_000n].map((nanos) => ({
    ...request(nanos, { status: 200, path: "/old", clientIp: "10.0.0.1" }),
    traceId: "0af7651916cd43dd8448eb211c80319c",
  }));
  const old = buildLoggedBatch({ tenant, producer, records });
  let file: TestFile;
  beforeEach(() => {
    file = makeTestFile();
    storeInVersion(file.database, old);
  });
  afterEach(() => file.remove());

  /** Name, type and whether NULL may be in it, of the columns of all tables but those of the full-text index. */
  const columnsOf = ({ database }: TestFile) =>
    database
      .prepare(
        `SELECT t.name AS "table", c.name, c.type, c."notnull" FROM pragma_table_list AS t, pragma_table_info(t.name) AS c
          WHERE t.name NOT GLOB 'words_*' AND t.name NOT GLOB 'sqlite_*' ORDER BY t.name, c.cid`,
      )
      .all();

  const hourTablesOf = ({ database }: TestFile) =>
    database.prepare("SELECT name, sql FROM sqlite_schema WHERE name GLOB 'rollup_hour*' ORDER BY name").all();

  it("is brought up to date when its writer opens it, with all that it has", async () => {
    const { database, isNew, setAside } = openStoreFile({ path: file.path, rebuildable: false, nowMs: 0 });
    try {
      expect([isNew, setAside]).toEqual([false, undefined]);
      expect(storedRecords(database, tenant).map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4]);
      expect(findInconsistencies(database, { noneDropped: true })).toEqual([]);
      const sink = new SqliteLogSink(new StoreTables(database), realClock);
      const signal = AbortSignal.timeout(60_000);
      expect(await sink.store([old], noDeadLetters, signal)).toEqual(counts({ duplicate: 5 }));
      const next = buildLoggedBatch({ tenant, producer, firstSeq: 5, records });
      expect(await sink.store([next], noDeadLetters, signal)).toEqual(counts({ stored: 5 }));
      expect(findInconsistencies(database, { noneDropped: true })).toEqual([]);
    } finally {
      database.close();
    }
  });

  it("has hours then, all still to be summed up", async () => {
    const tables = new StoreTables(file.database);
    tables.create();
    const states = () => {
      const sql = `SELECT hour, state, changed_ms FROM rollup_hour_states_${old.producerDay} ORDER BY hour`;
      return file.database
        .prepare(sql)
        .all()
        .map((row) => Object.values(row));
    };
    const hours = [-2, -1, 0];
    expect(states()).toEqual(hours.map((hour) => [hour, HOUR_STATE.byMinutes, 0]));
    const clock = new ManualClock();
    expect(await new SqliteHourSums({ tables, clock }).sumUp(AbortSignal.timeout(60_000))).toBe(3);
    expect(states()).toEqual(hours.map((hour) => [hour, HOUR_STATE.summedUp, 0]));
    expect(findInconsistencies(file.database, { noneDropped: true })).toEqual([]);
  });

  it("has the tables of a new one then", async () => {
    new StoreTables(file.database).create();
    const other = makeTestFile();
    try {
      const sink = new SqliteLogSink(new StoreTables(other.database), realClock);
      await sink.prepare();
      await sink.store([old], noDeadLetters, AbortSignal.timeout(60_000));
      expect(columnsOf(file)).toEqual(columnsOf(other));
      expect(hourTablesOf(file)).toEqual(hourTablesOf(other));
      expect(file.database.prepare("PRAGMA user_version").get()).toEqual(
        other.database.prepare("PRAGMA user_version").get(),
      );
    } finally {
      other.remove();
    }
  });

  it("is not read before", () => {
    const connection = new ReadConnection(file.path);
    const read = () =>
      connection.read(new ReadBound({ msMax: 60_000, endMs: Infinity, isCostly: false }, () => false), () => "read");
    expect(read).toThrow(expect.objectContaining({ kind: "store_unavailable" }));
    new StoreTables(file.database).create();
    expect(read()).toBe("read");
    connection.close();
  });

  it("stays as it was where it cannot be changed whole", () => {
    file.database.exec(`ALTER TABLE rollup_minutes_${old.producerDay} RENAME COLUMN minute TO what`); // Read last.
    const before = columnsOf(file);
    expect(() => new StoreTables(file.database).create()).toThrow();
    expect(file.database.prepare("PRAGMA user_version").get()).toEqual({ user_version: version });
    expect(columnsOf(file)).toEqual(before);
  });
});
