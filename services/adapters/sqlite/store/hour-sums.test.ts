import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LogPulseError } from "../../../domain/errors.ts";
import {
  DEAD_LETTER_BYTES_MAX,
  HOUR_QUIET_MS_MIN,
  HOUR_SUM_ROWS_MAX,
  HOUR_SUM_SERIES_MAX,
  HOUR_SUM_SERVICES_MAX,
  HOURS_PER_CALL_MAX,
  ROLLUP_SERIES_PER_MINUTE_MAX,
} from "../../../domain/limits.ts";
import { deadLetterOf } from "../../../domain/refused-record.ts";
import { buildLoggedBatch, type RecordToBuild } from "../../../ports/build-logged-batch.ts";
import { noDeadLetters, producerOfDay, request } from "../../../ports/contract-batches.ts";
import { ManualClock } from "../../../ports/manual-clock.ts";
import { SqliteDeadLetterReplay } from "./dead-letter-replay.ts";
import { SqliteDeadLetterTable } from "./dead-letter-table.ts";
import { SqliteHourSums } from "./hour-sums.ts";
import { HOUR_STATE } from "./hour-tables.ts";
import { SqliteLogSink } from "./log-sink.ts";
import { findInconsistencies } from "./store-consistency.ts";
import { makeTestFile, type TestFile } from "./store-rows.fixture.ts";
import { StoreTables } from "./store-tables.ts";

const DAY = 20_000;
const MINUTE = 60_000_000_000n;

describe("sums of hours in the store's file", () => {
  const signal = AbortSignal.timeout(600_000);
  let file: TestFile;
  let clock: ManualClock;
  let tables: StoreTables;
  let sink: SqliteLogSink;
  let sums: SqliteHourSums;
  beforeEach(async () => {
    file = makeTestFile();
    clock = new ManualClock();
    tables = new StoreTables(file.database);
    sink = new SqliteLogSink(tables, clock);
    sums = new SqliteHourSums({ tables, clock });
    await sink.prepare();
  });
  afterEach(() => {
    expect(findInconsistencies(file.database)).toEqual([]);
    file.remove();
  });

  const at = (minute: number, path = "/", service = "shop"): RecordToBuild => ({
    ...request(BigInt(minute) * MINUTE, { path, status: 200, clientIp: "10.0.0.1" }),
    service,
  });
  const manyPaths = (count: number, minute = 0) =>
    Array.from({ length: count }, (_, n) => at(minute, `/${minute}/${n}`));
  const store = (records: RecordToBuild[], day = DAY) =>
    sink.store([buildLoggedBatch({ tenant: "t", producer: producerOfDay(day), records })], noDeadLetters, signal);
  const states = () =>
    file.database
      .prepare(`SELECT hour, state, changes FROM rollup_hour_states_${DAY} ORDER BY hour`)
      .all()
      .map(({ hour, state, changes }) => [hour, state, changes]);
  const countOf = (table: string) => file.database.prepare(`SELECT count(*) AS n FROM ${table}_${DAY}`).get()!.n;
  /** How many hours were looked at. */
  const sumUpLater = async () => {
    await clock.pass(HOUR_QUIET_MS_MIN);
    return sums.sumUp(signal);
  };

  it("are made of rows of any number, with a turn for others in between", async () => {
    await store([...manyPaths(1_800), ...manyPaths(300, 59)]);
    await clock.pass(HOUR_QUIET_MS_MIN);
    let turns = 0;
    let isOver = false;
    const others = (async () => {
      while (!isOver) turns += await new Promise<number>((resolve) => setImmediate(resolve, 1));
    })();
    expect(await sums.sumUp(signal)).toBe(1);
    isOver = true;
    await others;
    expect(turns).toBeGreaterThan(4); // 2,100 rows in slices of 500.
    expect(states()).toEqual([[0, HOUR_STATE.summedUp, 1]]);
    expect([countOf("rollup_hour_sums"), countOf("rollup_hour_clients")]).toEqual([1 + 1 + 2_100 + 2_100, 1]);
  });

  it("are not kept where something was added while they were made", async () => {
    await store(manyPaths(1_800));
    await clock.pass(HOUR_QUIET_MS_MIN);
    const sumUp = sums.sumUp(signal);
    await store([at(1)]); // Before the second slice.
    expect(await sumUp).toBe(1);
    expect(states()).toEqual([[0, HOUR_STATE.byMinutes, 2]]);
    expect(await sums.sumUp(signal)).toBe(0);
    expect(await sumUpLater()).toBe(1);
    expect(states()).toEqual([[0, HOUR_STATE.summedUp, 2]]);
  });

  it("take the place of the former ones", async () => {
    await store([at(0), at(0, "/a")]);
    await sumUpLater();
    await store([at(1), at(1, "/b", "cart")]);
    expect(states()).toEqual([[0, HOUR_STATE.byMinutes, 2]]);
    await sumUpLater();
    expect([countOf("rollup_hour_sums"), countOf("rollup_hour_clients")]).toEqual([1 + 2 + 3 + 3, 2]);
  });

  it("are the same where two make them at once", async () => {
    await store(manyPaths(1_200));
    await clock.pass(HOUR_QUIET_MS_MIN);
    const other = new SqliteHourSums({ tables, clock });
    expect(await Promise.all([sums.sumUp(signal), other.sumUp(signal)])).toEqual([1, 1]);
    expect(states()).toEqual([[0, HOUR_STATE.summedUp, 1]]);
  });

  it("are not made of a day that is dropped meanwhile", async () => {
    await store([...manyPaths(1_800), at(60)]);
    await clock.pass(HOUR_QUIET_MS_MIN);
    const sumUp = sums.sumUp(signal);
    tables.transaction(() => tables.dropRollupDay(DAY));
    tables.transaction(() => tables.dropRecordDay(DAY));
    expect(await sumUp).toBe(2);
  });

  it("are not written for a day that is dropped while they wait for room", async () => {
    await store([at(0)]);
    await clock.pass(HOUR_QUIET_MS_MIN);
    const room = async () => {
      tables.transaction(() => tables.dropRollupDay(DAY));
      tables.transaction(() => tables.dropRecordDay(DAY));
    };
    expect(await new SqliteHourSums({ tables, clock, checkpoints: { room } }).sumUp(signal)).toBe(1);
  });

  it("are made first of what is quiet for the longest, of whatever day", async () => {
    await store(
      Array.from({ length: HOURS_PER_CALL_MAX }, (_, hour) => at(60 * hour)),
      DAY + 1,
    );
    await clock.pass(1);
    await store([at(0)]);
    expect(await sumUpLater()).toBe(HOURS_PER_CALL_MAX);
    expect(states()).toEqual([[0, HOUR_STATE.byMinutes, 1]]);
    expect(await sums.sumUp(signal)).toBe(1);
    expect(states()).toEqual([[0, HOUR_STATE.summedUp, 1]]);
  });

  it("wait after a letter's record was counted, too", async () => {
    await store([at(0)]);
    await clock.pass(HOUR_QUIET_MS_MIN);
    const batch = buildLoggedBatch({ tenant: "t", producer: producerOfDay(DAY), records: [at(1)] });
    const refused = { batch, logged: batch.records[0]!, reason: "too_long", detail: "" };
    const table = new SqliteDeadLetterTable(tables, clock);
    await table.fill([deadLetterOf("sqlite", refused)]);
    const [listed] = await table.list({ tenant: "t" }, { limit: 1, originalBytesMax: DEAD_LETTER_BYTES_MAX });
    expect(await new SqliteDeadLetterReplay(tables, clock, []).replay(listed!, signal)).toEqual({ is: "stored" });
    expect(await sums.sumUp(signal)).toBe(0);
    expect(await sumUpLater()).toBe(1);
    expect(states()).toEqual([[0, HOUR_STATE.summedUp, 2]]);
  });

  it("are made of hours before 1970", async () => {
    await store([at(-1), at(-60), at(-61), at(0)]);
    expect(await sumUpLater()).toBe(3);
    expect(states().map(([hour]) => hour)).toEqual([-2, -1, 0]);
  });

  it("are not made while there is no room, nor when nobody waits for them", async () => {
    await store([at(0)]);
    await clock.pass(HOUR_QUIET_MS_MIN);
    const room = () => Promise.reject(new LogPulseError("store_unavailable", "no room"));
    const withoutRoom = new SqliteHourSums({ tables, clock, checkpoints: { room } });
    await expect(withoutRoom.sumUp(signal)).rejects.toMatchObject({ kind: "store_unavailable" });
    await expect(sums.sumUp(AbortSignal.abort())).rejects.toMatchObject({ kind: "cancelled" });
    expect(states()).toEqual([[0, HOUR_STATE.byMinutes, 1]]);
    expect(await sums.sumUp(signal)).toBe(1);
  });

  describe("of too much", () => {
    const expectTooMuch = async () => {
      expect(await sumUpLater()).toBe(1);
      expect(states()).toEqual([[0, HOUR_STATE.tooMuch, expect.any(Number)]]);
      expect([countOf("rollup_hour_sums"), countOf("rollup_hour_clients")]).toEqual([0, 0]);
      expect(await sumUpLater()).toBe(0);
    };

    it("rows are not made, the former ones are gone, and more makes them be looked at again", async () => {
      await store([at(0)]);
      await sumUpLater();
      await store([at(1)]);
      const setSeries = file.database.prepare(`UPDATE rollup_minutes_${DAY} SET series = ? WHERE minute = 1`);
      setSeries.run(HOUR_SUM_ROWS_MAX);
      await expectTooMuch();
      setSeries.run(1); // As it was.
      await store([at(2)]);
      expect(await sumUpLater()).toBe(1);
      expect(states()).toEqual([[0, HOUR_STATE.summedUp, 3]]);
    });

    it("services are not made", async () => {
      await store(Array.from({ length: HOUR_SUM_SERVICES_MAX }, (_, n) => at(0, "/", `service-${n}`)));
      expect(await sumUpLater()).toBe(1);
      expect(states()).toEqual([[0, HOUR_STATE.summedUp, 1]]);
      await store([at(1, "/", "one more")]);
      await expectTooMuch();
    });

    it("series are not made", { timeout: 60_000 }, async () => {
      const minutes = HOUR_SUM_SERIES_MAX / ROLLUP_SERIES_PER_MINUTE_MAX;
      for (let minute = 0; minute < minutes; minute++) {
        await store(manyPaths(ROLLUP_SERIES_PER_MINUTE_MAX, minute));
      }
      expect(await sumUpLater()).toBe(1);
      expect(states()).toEqual([[0, HOUR_STATE.summedUp, minutes]]);
      await store([at(59, "/one more")]);
      await expectTooMuch();
    });
  });
});
