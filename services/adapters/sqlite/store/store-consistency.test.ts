import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HOUR_QUIET_MS_MIN } from "../../../domain/limits.ts";
import { noDeadLetters } from "../../../ports/contract-batches.ts";
import { killedBatch } from "../log/killed-batches.fixture.ts";
import { SqliteHourSums } from "./hour-sums.ts";
import { SqliteLogSink } from "./log-sink.ts";
import { findInconsistencies } from "./store-consistency.ts";
import { makeTestFile, realClock, type TestFile } from "./store-rows.fixture.ts";
import { StoreTables } from "./store-tables.ts";

const NOW_MS = Date.UTC(2026, 10, 22);
const TODAY = NOW_MS / 86_400_000;

describe("the check of the store's tables against one another", () => {
  let file: TestFile;
  beforeEach(async () => {
    file = makeTestFile();
    const tables = new StoreTables(file.database);
    const sink = new SqliteLogSink(tables, realClock);
    await sink.prepare();
    const batches = [0, 1, 2, 3, 4, 5, 6].map((index) => killedBatch(NOW_MS, index));
    for (const batch of batches) await sink.store([batch], noDeadLetters, new AbortController().signal);
    const later = { ...realClock, nowMs: () => Date.now() + HOUR_QUIET_MS_MIN };
    await new SqliteHourSums({ tables, clock: later }).sumUp(new AbortController().signal);
  });
  afterEach(() => file.remove());

  const DAY = `_${TODAY}`;
  const [FIRST, LAST] = ["id = 1", `id = (SELECT max(id) FROM records${DAY})`];
  const FIRST_SERIES = `series = (SELECT min(series) FROM rollup_hour_sums${DAY} WHERE told = 3)`;
  const CASES: [change: string, finds: RegExp | undefined][] = [
    ["SELECT 1", undefined],
    [`DELETE FROM records${DAY} WHERE ${FIRST}`, /last id is/],
    [`DELETE FROM records${DAY} WHERE ${LAST}`, /runs have/],
    [`UPDATE records${DAY} SET seq = seq + 1 WHERE ${LAST}`, /are not where their run says/],
    [`UPDATE records${DAY} SET tenant = 99 WHERE ${FIRST}`, /belong to no tenant/],
    [`UPDATE runs${DAY} SET first_id = first_id + 1`, /are not where their run says/],
    [`DELETE FROM runs${DAY}`, /runs have 0 seqs/],
    [`DELETE FROM settled${DAY}`, /seqs that are not settled/],
    [`UPDATE records${DAY} SET content_hash = x'00' WHERE ${FIRST}`, /other bytes than their hash/],
    [`INSERT INTO words${DAY} (rowid, message, labels) VALUES (1, 'again', '')`, /other words than are indexed/],
    [`INSERT INTO words${DAY} (rowid, message, labels) VALUES (100000, 'a', '')`, /words belong to no record/],
    [`INSERT INTO words${DAY} (words${DAY}) VALUES ('delete-all')`, /other words than are indexed/],
    [`UPDATE rollup_minutes${DAY} SET requests = requests + 1`, /series have/],
    [`UPDATE rollup_minutes${DAY} SET latency_count = 0`, /latencies/],
    [`UPDATE rollup_minutes${DAY} SET series = 0`, /said to be 0/],
    [`DELETE FROM rollup_series${DAY}`, /series have 0/],
    [`UPDATE rollup_minutes${DAY} SET minute = minute + 100`, /more requests have rows than are counted/],
    [`DELETE FROM rollup_minutes${DAY}`, /more requests have rows than are counted/],
    [`DELETE FROM rollup_hour_states${DAY}`, /hour \d+ \d+ has no state/],
    [`INSERT INTO rollup_hour_states${DAY} VALUES (1, -7, 0, 1, 0)`, /hour 1 -7 has a state, but no minutes/],
    [`DELETE FROM rollup_hour_sums${DAY}`, /sums of requests are not those of its minutes/],
    ...[0, 1, 2, 3].map((told): [string, RegExp] => [
      `UPDATE rollup_hour_sums${DAY} SET requests = requests + 1 WHERE told = ${told}`,
      /sums of requests are not/,
    ]),
    [`UPDATE rollup_hour_sums${DAY} SET response_bytes = response_bytes + 1`, /sums of requests are not/],
    [`UPDATE rollup_hour_sums${DAY} SET latency_buckets = x''`, /sums of requests are not/],
    [`UPDATE rollup_hour_sums${DAY} SET hour = hour + 1`, /sums of requests are not/],
    [`DELETE FROM rollup_hour_sums${DAY} WHERE ${FIRST_SERIES}`, /sums of requests are not/],
    [`UPDATE rollup_hour_sums${DAY} SET latency_count = 0 WHERE ${FIRST_SERIES}`, /sums of requests are not/],
    [`UPDATE rollup_hour_sums${DAY} SET statuses = x'' WHERE ${FIRST_SERIES}`, /sums of requests are not/],
    [`UPDATE rollup_hour_sums${DAY} SET path = x'2F' WHERE ${FIRST_SERIES}`, /sums of requests are not/],
    [`UPDATE rollup_hour_sums${DAY} SET series = x'00' WHERE ${FIRST_SERIES}`, /sums of requests are not/],
    [`DELETE FROM rollup_hour_clients${DAY} WHERE service = CAST('service-1' AS BLOB)`, /sums of clients are not/],
    [`UPDATE rollup_hour_clients${DAY} SET sketch = x''`, /sums of clients are not/],
    [`UPDATE rollup_hour_states${DAY} SET state = 0; DELETE FROM rollup_hour_sums${DAY}`, undefined], // Nobody reads them.
    [`UPDATE rollup_hour_states${DAY} SET state = 2; DELETE FROM rollup_hour_sums${DAY}`, undefined],
    [`DROP TABLE rollup_hour_sums${DAY}`, /there is no table rollup_hour_sums/],
    [`DELETE FROM record_days WHERE day = ${TODAY}`, /belongs to no day/],
    [`DROP TABLE settled${DAY}`, /there is no table settled/],
  ];
  it.each(CASES)("after %s", (change, finds) => {
    file.database.exec(change);
    const found = findInconsistencies(file.database, { noneDropped: true });
    if (finds) expect(found.join("\n")).toMatch(finds);
    else expect(found).toEqual([]);
  });

  it("lets requests be counted that were dropped, where some may be", () => {
    file.database.exec(`DELETE FROM records${DAY}; DELETE FROM runs${DAY}; DELETE FROM settled${DAY}`);
    file.database.exec(`INSERT INTO words${DAY} (words${DAY}) VALUES ('delete-all')`);
    expect(findInconsistencies(file.database)).toEqual([]);
    expect(findInconsistencies(file.database, { noneDropped: true }).join("\n")).toMatch(/more requests have rows/);
  });
});
