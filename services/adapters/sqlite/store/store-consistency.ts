import type { DatabaseSync } from "node:sqlite";
import { contentHash } from "../../../domain/record-content.ts";
import { minuteOf, OTHER, seriesKey } from "../../../domain/rollup.ts";
import { SettledRanges } from "../../../domain/settled-ranges.ts";
import { HOUR_TABLES } from "./hour-tables.ts";
import { hourDisagreements } from "./hours-consistency.ts";
import { TALLY_COLUMNS, type TallyValues, tallyOf } from "./tally-columns.ts";
import { wordsDisagreement } from "./words-consistency.ts";

const DAY_TABLES = ["records", "runs", "words", "settled"];
const ROLLUP_TABLES = ["rollup_minutes", "rollup_series", "rollup_clients", ...HOUR_TABLES];
const OTHER_KEY = Buffer.from(seriesKey(OTHER, OTHER), "hex");

/** What is known beside the file. */
export interface KnownOfStore {
  /** No rule has dropped a record: then each request that is counted has a row. */
  noneDropped?: boolean;
}

/**
 * Holds the tables of a store against one another, for tests and after faults: rows, runs, words, settled seqs and
 * rollups were written in the same transactions, so they must agree whatever has happened. Gives a sentence for each
 * thing that does not; none where all agree.
 *
 * `database`: open for reading at least. It reads everything, so it takes as long as that takes.
 */
export function findInconsistencies(database: DatabaseSync, known: KnownOfStore = {}): string[] {
  const damage = damageOf(database);
  const found = damage.length > 0 ? damage : tableDisagreements(database);
  if (found.length > 0) return found; // Nothing else could be read.
  for (const day of daysOf(database, "record_days")) {
    const problems = [
      ...runDisagreements(database, day),
      ...recordDisagreements(database, day),
      ...wordsDisagreement(database, day),
    ];
    found.push(...problems.map((problem) => `day ${day}: ${problem}`));
  }
  for (const day of daysOf(database, "rollup_days")) {
    const problems = [...rollupDisagreements(database, day, known), ...hourDisagreements(database, day)];
    found.push(...problems.map((problem) => `rollups of day ${day}: ${problem}`));
  }
  return found;
}

function damageOf(database: DatabaseSync): string[] {
  const rows = database.prepare("PRAGMA integrity_check").all();
  return rows.map((row) => String(row.integrity_check)).filter((line) => line !== "ok");
}

function tableDisagreements(database: DatabaseSync): string[] {
  const sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB '*_[0-9]*'";
  const there = new Set(
    database
      .prepare(sql)
      .all()
      .map(({ name }) => String(name)),
  );
  const tablesOf = (days: number[], tables: string[]) =>
    days.flatMap((day) => tables.map((table) => `${table}_${day}`));
  const wanted = [
    ...tablesOf(daysOf(database, "record_days"), DAY_TABLES),
    ...tablesOf(daysOf(database, "rollup_days"), ROLLUP_TABLES),
  ];
  const missing = wanted.filter((name) => !there.has(name)).map((name) => `there is no table ${name}`);
  const known = new Set(wanted);
  // FTS5 keeps tables of its own: words_D_data and so on.
  const tooMany = [...there].filter((name) => /^[a-z_]+_\d+$/.test(name) && !known.has(name));
  return [...missing, ...tooMany.map((name) => `the table ${name} belongs to no day`)];
}

/** Every record is in one run, where the run says it is. */
function runDisagreements(database: DatabaseSync, day: number): string[] {
  const count = (sql: string) => Number(Object.values(database.prepare(sql).get()!)[0] ?? 0);
  const rows = count(`SELECT count(*) FROM records_${day}`);
  const lastId = count(`SELECT max(id) FROM records_${day}`);
  const inRuns = count(`SELECT sum(count) FROM runs_${day}`);
  const elsewhere = count(
    `SELECT count(*) FROM records_${day} AS r WHERE NOT EXISTS (SELECT 1 FROM runs_${day} AS u
      WHERE u.tenant = r.tenant AND u.producer = r.producer AND r.seq BETWEEN u.first_seq AND u.first_seq + u.count - 1
        AND r.id = u.first_id + (r.seq - u.first_seq))`,
  );
  const nobodys = count(`SELECT count(*) FROM records_${day} WHERE tenant NOT IN (SELECT id FROM tenants)`);
  return [
    ...problem(lastId !== rows, `the last id is ${lastId}, but there are ${rows} records`),
    ...problem(inRuns !== rows, `runs have ${inRuns} seqs, but there are ${rows} records`),
    ...problem(elsewhere > 0, `${elsewhere} records are not where their run says`),
    ...problem(nobodys > 0, `${nobodys} records belong to no tenant`),
  ];
}

/** Every record is settled, and has the bytes that its hash was made of. */
function recordDisagreements(database: DatabaseSync, day: number): string[] {
  const settled = new Map<string, SettledRanges>();
  for (const { tenant, producer, ranges } of database.prepare(`SELECT * FROM settled_${day}`).all()) {
    settled.set(`${tenant} ${hex(producer)}`, SettledRanges.decode(ranges as Uint8Array));
  }
  let unsettled = 0;
  let otherBytes = 0;
  const rows = database.prepare(`SELECT tenant, producer, seq, content_hash, record FROM records_${day}`);
  for (const { tenant, producer, seq, content_hash, record } of rows.iterate()) {
    if (!settled.get(`${tenant} ${hex(producer)}`)?.contains(Number(seq))) unsettled++;
    if (Buffer.compare(contentHash(record as Uint8Array), content_hash as Uint8Array) !== 0) otherBytes++;
  }
  return [
    ...problem(unsettled > 0, `${unsettled} records have seqs that are not settled`),
    ...problem(otherBytes > 0, `${otherBytes} records have other bytes than their hash was made of`),
  ];
}

/** Minutes are the sums of their series, and of the requests that have rows, those that were dropped beside them. */
function rollupDisagreements(database: DatabaseSync, day: number, { noneDropped = false }: KnownOfStore): string[] {
  const rows = requestRows(database, day);
  const series = seriesSums(database, day);
  const found: string[] = [];
  const minutes = database.prepare(`SELECT * FROM rollup_minutes_${day}`).all();
  for (const row of minutes) {
    const key = `${row.tenant} ${row.minute} ${row.log_partition}`;
    const tally = tallyOf(TALLY_COLUMNS.map((column) => row[column]) as unknown as TallyValues);
    const sum = series.get(key) ?? { requests: 0, latencies: 0, count: 0 };
    const byStatus = tally.statuses.values().reduce((total, count) => total + count, 0);
    found.push(
      ...problem(sum.requests !== tally.requests, `${key}: series have ${sum.requests} of ${tally.requests} requests`),
      ...problem(sum.latencies !== tally.latencyCount, `${key}: series have ${sum.latencies} latencies`),
      ...problem(byStatus !== tally.requests, `${key}: statuses have ${byStatus} of ${tally.requests} requests`),
      ...problem(sum.count !== Number(row.series), `${key}: ${sum.count} series, said to be ${row.series}`),
    );
    const minute = `${row.tenant} ${row.minute}`;
    if (rows) rows.set(minute, (rows.get(minute) ?? 0) - tally.requests);
  }
  // What is left over of the rows was not counted; what is missing was dropped by a rule.
  for (const [minute, left] of rows ?? []) {
    const wrong = left > 0 || (noneDropped && left < 0);
    found.push(...problem(wrong, `${minute}: ${left} more requests have rows than are counted`));
  }
  return found;
}

/** Requests with rows by tenant and minute; undefined where the day's records are no longer kept. */
function requestRows(database: DatabaseSync, day: number): Map<string, number> | undefined {
  if (!daysOf(database, "record_days").includes(day)) return undefined;
  const counts = new Map<string, number>();
  const select = database.prepare(`SELECT tenant, time_ns FROM records_${day} WHERE has_http = 1`);
  select.setReadBigInts(true);
  for (const { tenant, time_ns } of select.iterate()) {
    const minute = `${tenant} ${minuteOf(time_ns as bigint)}`;
    counts.set(minute, (counts.get(minute) ?? 0) + 1);
  }
  return counts;
}

/** Of each minute, what its series say together. */
function seriesSums(database: DatabaseSync, day: number) {
  const sums = database.prepare(
    `SELECT tenant, minute, log_partition, sum(requests) AS requests, sum(latency_count) AS latencies,
      sum(series <> ?) AS count FROM rollup_series_${day} GROUP BY tenant, minute, log_partition`,
  );
  return new Map(
    sums
      .all(OTHER_KEY)
      .map(({ tenant, minute, log_partition, requests, latencies, count }) => [
        `${tenant} ${minute} ${log_partition}`,
        { requests: Number(requests), latencies: Number(latencies), count: Number(count) },
      ]),
  );
}

function daysOf(database: DatabaseSync, table: "record_days" | "rollup_days"): number[] {
  return database
    .prepare(`SELECT day FROM ${table} ORDER BY day`)
    .all()
    .map(({ day }) => Number(day));
}

function problem(isOne: boolean, text: string): string[] {
  return isOne ? [text] : [];
}

function hex(bytes: unknown): string {
  return Buffer.from(bytes as Uint8Array).toString("hex");
}
