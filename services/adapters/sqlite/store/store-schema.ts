import type { DatabaseSync } from "node:sqlite";
import { type FileMark, markedVersion, setMark } from "../file-mark.ts";
import { createHourTables, HOUR_TABLES } from "./hour-tables.ts";
import { bringUpToDate } from "./store-upgrade.ts";
import { TALLY_DEFINITIONS } from "./tally-columns.ts";

const MARK: FileMark = { what: "the store's file", applicationId: 0x4c675073, version: 3, olderVersions: [1, 2] }; // "LgPs".

/**
 * Settings of a day's words. `automerge`: FTS5 would merge its segments within each transaction, which takes as long as
 * indexing; `WordRows` merges more of them at a time, when there is time. `usermerge`: that many at least, the most FTS5
 * takes. `crisismerge`: never, since it holds up everything for as long as it takes. `hashsize`: the words of one
 * transaction become one segment. `pgsz`: one of its pages in each of the file's.
 */
const WORDS_SETTINGS: Readonly<Record<string, number>> = {
  automerge: 0,
  usermerge: 16,
  crisismerge: 1_900,
  hashsize: 16 * 1024 * 1024,
  pgsz: 8_000,
};

/** The tables that are one piece. Texts are BLOBs, their UTF-8 bytes, where anybody may have written them. */
const WHOLE_TABLES = `
  -- One row. log_id: of the log that the positions belong to; another one is read from its start.
  CREATE TABLE store_state (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    log_id BLOB,
    first_day INTEGER NOT NULL,
    first_rollup_day INTEGER NOT NULL
  );
  INSERT INTO store_state VALUES (1, NULL, 0, 0);

  -- How far each partition of the log is settled here.
  CREATE TABLE positions (log_partition INTEGER PRIMARY KEY, next_offset INTEGER NOT NULL);

  CREATE TABLE tenants (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE);

  -- Producer days that have tables of records, and of rollups. has_marks: 1 where the labels of its words hold marks.
  CREATE TABLE record_days (day INTEGER PRIMARY KEY, has_marks INTEGER NOT NULL);
  CREATE TABLE rollup_days (day INTEGER PRIMARY KEY);

  -- One row per dead letter, as in domain/dead-letter-key.ts.
  CREATE TABLE dead_letters (
    letter_key BLOB PRIMARY KEY,
    tenant BLOB NOT NULL,
    listed_ms INTEGER NOT NULL,
    changed_ms INTEGER,
    state TEXT NOT NULL,
    store BLOB NOT NULL,
    id BLOB NOT NULL,
    reason BLOB NOT NULL,
    detail BLOB NOT NULL,
    received_ns INTEGER,
    log_partition INTEGER NOT NULL,
    log_offset INTEGER NOT NULL,
    original BLOB NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX dead_letters_by_tenant ON dead_letters (tenant, listed_ms, letter_key);
  CREATE INDEX dead_letters_by_store ON dead_letters (tenant, store, state, listed_ms, letter_key);
  CREATE INDEX dead_letters_by_time ON dead_letters (listed_ms);
`;

/**
 * The tables of a producer day's records: retention drops them whole.
 *
 * - `records_D`: a row per record. `record` is the encoded LogRecord as it was sent, in the last column: what is asked
 *   for or listed stands before it, so that a list reads no whole records. `id` counts up in the order of storing.
 *   `latency_ns` is an integer, or decimal digits as text where 64 bits are not enough: `BigInt()` reads both.
 * - `runs_D`: a row for each run of seqs whose ids follow one another too: seq s of it has the id
 *   first_id + (s - first_seq). It takes the place of an index with an entry per record.
 * - `words_D`: the words of the message; as labels those of service and severity text, and marks (record-marks.ts). Cut by
 *   domain/words.ts; it keeps no text. Its rowid is the record's id.
 * - `settled_D`: which seqs of a producer are settled, as domain/settled-ranges.ts encodes them.
 */
export function createRecordDay(database: DatabaseSync, day: number): void {
  database.exec(`
    CREATE TABLE records_${day} (
      id INTEGER PRIMARY KEY,
      tenant INTEGER NOT NULL,
      producer BLOB NOT NULL,
      seq INTEGER NOT NULL,
      time_ns INTEGER NOT NULL,
      received_ns INTEGER NOT NULL,
      severity INTEGER NOT NULL,
      severity_text BLOB NOT NULL,
      service BLOB NOT NULL,
      content_hash BLOB NOT NULL,
      has_http INTEGER NOT NULL,
      client_ip BLOB,
      method BLOB,
      path BLOB,
      status INTEGER,
      latency_ns BLOB,
      record BLOB NOT NULL
    );
    CREATE INDEX records_${day}_by_time ON records_${day} (tenant, time_ns, severity);
    CREATE TABLE runs_${day} (
      tenant INTEGER NOT NULL,
      producer BLOB NOT NULL,
      first_seq INTEGER NOT NULL,
      count INTEGER NOT NULL,
      first_id INTEGER NOT NULL,
      PRIMARY KEY (tenant, producer, first_seq)
    ) WITHOUT ROWID;
    CREATE VIRTUAL TABLE words_${day} USING fts5(
      message, labels, content='', columnsize=0, tokenize="ascii tokenchars '_'"
    );
    CREATE TABLE settled_${day} (
      tenant INTEGER NOT NULL,
      producer BLOB NOT NULL,
      ranges BLOB NOT NULL,
      PRIMARY KEY (tenant, producer)
    ) WITHOUT ROWID;
    INSERT INTO record_days VALUES (${day}, 1);
  `);
  const set = database.prepare(`INSERT INTO words_${day} (words_${day}, rank) VALUES (?, ?)`);
  for (const [name, value] of Object.entries(WORDS_SETTINGS)) set.run(name, BigInt(value)); // Numbers are bound as floating point, which FTS5 does not take.
}

/** The rollups of a producer day, as adapters/mysql/tables.ts explains them; they are kept longer than its records. */
export function createRollupDay(database: DatabaseSync, day: number): void {
  database.exec(`
    CREATE TABLE rollup_minutes_${day} (
      tenant INTEGER NOT NULL,
      minute INTEGER NOT NULL,
      log_partition INTEGER NOT NULL,
      series INTEGER NOT NULL,${TALLY_DEFINITIONS},
      PRIMARY KEY (tenant, minute, log_partition)
    ) WITHOUT ROWID;
    CREATE TABLE rollup_series_${day} (
      tenant INTEGER NOT NULL,
      minute INTEGER NOT NULL,
      log_partition INTEGER NOT NULL,
      series BLOB NOT NULL,
      service BLOB NOT NULL,
      path BLOB NOT NULL,${TALLY_DEFINITIONS},
      PRIMARY KEY (tenant, minute, log_partition, series)
    ) WITHOUT ROWID;
    CREATE TABLE rollup_clients_${day} (
      tenant INTEGER NOT NULL,
      minute INTEGER NOT NULL,
      log_partition INTEGER NOT NULL,
      service BLOB NOT NULL,
      sketch BLOB NOT NULL,
      PRIMARY KEY (tenant, minute, log_partition, service)
    ) WITHOUT ROWID;
    INSERT INTO rollup_days VALUES (${day});
  `);
  createHourTables(database, day);
}

/** All tables of a day's records. */
export function dropRecordDay(database: DatabaseSync, day: number): void {
  const tables = ["records", "runs", "words", "settled"];
  database.exec(tables.map((table) => `DROP TABLE ${table}_${day};`).join(""));
  database.exec(`DELETE FROM record_days WHERE day = ${day}`);
}

/** All tables of a day's rollups. */
export function dropRollupDay(database: DatabaseSync, day: number): void {
  const tables = ["rollup_minutes", "rollup_series", "rollup_clients", ...HOUR_TABLES];
  database.exec(tables.map((table) => `DROP TABLE ${table}_${day};`).join(""));
  database.exec(`DELETE FROM rollup_days WHERE day = ${day}`);
}

/**
 * True where the file has the store's tables, false where it is empty. `isUpToDate`: false where they are those of an
 * older version, which `createStore` brings up to date.
 *
 * @throws LogPulseError `bug` where the file is another program's, or of a version that this one does not know.
 */
export function lookForStore(database: DatabaseSync): { isThere: boolean; isUpToDate: boolean } {
  const version = markedVersion(database, MARK);
  return { isThere: version !== undefined, isUpToDate: version === MARK.version };
}

/**
 * Creates the tables of an empty file, and brings those of an older version up to date; changes nothing in a file that
 * has the newest. Call it in a transaction.
 *
 * @throws LogPulseError as `lookForStore`.
 */
export function createStore(database: DatabaseSync): void {
  const version = markedVersion(database, MARK);
  if (version === MARK.version) return;
  if (version === undefined) database.exec(WHOLE_TABLES);
  else bringUpToDate(database, version);
  setMark(database, MARK);
}
