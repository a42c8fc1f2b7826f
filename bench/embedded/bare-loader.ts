/**
 * The floor: a process of its own that does nothing but insert the corpus into a table and an FTS5 index, as a simple
 * program would. Prints one JSON line: the CPU seconds that the inserting took, and the bytes of the file.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { corpus } from "./corpus.ts";

const RECORDS_PER_TRANSACTION = 5_000;

const [folder, count] = [process.argv[2]!, Number(process.argv[3])];
const records = corpus(count, 1_700_000_000_000);
const path = join(folder, "bare.db");
const database = new DatabaseSync(path);
database.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE records (id INTEGER PRIMARY KEY, time INTEGER, service TEXT, level TEXT, message TEXT);
  CREATE INDEX records_by_time ON records (time);
  CREATE VIRTUAL TABLE words USING fts5(message, content='records', content_rowid='id');
`);
const insert = database.prepare("INSERT INTO records VALUES (?, ?, ?, ?, ?)");
const index = database.prepare("INSERT INTO words (rowid, message) VALUES (?, ?)");

const before = process.cpuUsage();
const startMs = performance.now();
for (let first = 0; first < count; first += RECORDS_PER_TRANSACTION) {
  database.exec("BEGIN");
  for (let id = first; id < Math.min(first + RECORDS_PER_TRANSACTION, count); id++) {
    const { timeMs, service, level, message } = records[id]!;
    insert.run(id, timeMs, service, level, message);
    index.run(id, message);
  }
  database.exec("COMMIT");
}
database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
const { user, system } = process.cpuUsage(before);
const wallSeconds = (performance.now() - startMs) / 1_000;
database.close();
console.log(JSON.stringify({ cpuSeconds: (user + system) / 1e6, wallSeconds, bytes: statSync(path).size }));
