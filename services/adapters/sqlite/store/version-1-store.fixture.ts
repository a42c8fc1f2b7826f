import type { DatabaseSync } from "node:sqlite";
import { HyperLogLog } from "../../../domain/hyperloglog.ts";
import type { LoggedBatch } from "../../../domain/logged-batch.ts";
import { contentHash } from "../../../domain/record-content.ts";
import { clientsByService, encodeStatuses, rollUp, type Tally } from "../../../domain/rollup.ts";
import { SettledRanges } from "../../../domain/settled-ranges.ts";
import { transaction } from "../database.ts";

// The tables as the first version made them, letter for letter but for the comments.
const WHOLE_TABLES = `
  CREATE TABLE store_state (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    log_id BLOB,
    first_day INTEGER NOT NULL,
    first_rollup_day INTEGER NOT NULL
  );
  INSERT INTO store_state VALUES (1, NULL, 0, 0);
  CREATE TABLE positions (log_partition INTEGER PRIMARY KEY, next_offset INTEGER NOT NULL);
  CREATE TABLE tenants (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE);
  CREATE TABLE record_days (day INTEGER PRIMARY KEY);
  CREATE TABLE rollup_days (day INTEGER PRIMARY KEY);
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
const TALLY = `
  requests INTEGER NOT NULL,
  response_bytes TEXT NOT NULL,
  statuses BLOB NOT NULL,
  latency_count INTEGER NOT NULL,
  latency_sum_ns TEXT NOT NULL,
  latency_max_ns TEXT NOT NULL`;
const recordTables = (day: number) => `
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
CREATE INDEX records_${day}_by_time ON records_${day} (tenant, time_ns);
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
INSERT INTO record_days VALUES (${day});
INSERT INTO words_${day} (words_${day}, rank) VALUES ('automerge', 0), ('usermerge', 16), ('crisismerge', 1900),
  ('hashsize', 16777216), ('pgsz', 8000);
`;
const rollupTables = (day: number) => `
CREATE TABLE rollup_minutes_${day} (
  tenant INTEGER NOT NULL,
  minute INTEGER NOT NULL,
  log_partition INTEGER NOT NULL,
  series INTEGER NOT NULL,${TALLY},
  PRIMARY KEY (tenant, minute, log_partition)
) WITHOUT ROWID;
CREATE TABLE rollup_series_${day} (
  tenant INTEGER NOT NULL,
  minute INTEGER NOT NULL,
  log_partition INTEGER NOT NULL,
  series BLOB NOT NULL,
  service BLOB NOT NULL,
  path BLOB NOT NULL,${TALLY},
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
`;

/** Makes the tables of an empty file as version 1 did, and stores a batch of requests, all of service "old". */
export function storeInVersion1(database: DatabaseSync, batch: LoggedBatch): void {
  const { tenant, producer, producerDay: day, firstSeq, records } = batch;
  const [tenantBytes, producerBytes] = [Buffer.from(tenant), Buffer.from(producer, "hex")];
  transaction(database, () => {
    database.exec(`${WHOLE_TABLES}; PRAGMA application_id = ${0x4c675073}; PRAGMA user_version = 1`);
    database.exec(recordTables(day) + rollupTables(day));
    database.prepare("INSERT INTO tenants VALUES (1, ?)").run(tenantBytes);
    const insertRecord = database.prepare(`INSERT INTO records_${day} VALUES (${Array(17).fill("?").join()})`);
    const insertWords = database.prepare(`INSERT INTO words_${day} (rowid, message, labels) VALUES (?, ?, ?)`);
    records.forEach(({ seq, bytes, columns, timeNanos }, index) => {
      const { clientIp, method, path, status } = columns.http!;
      const row = [index + 1, 1, producerBytes, seq, timeNanos, batch.receivedNanos, 0, columns.severityText];
      const rest = [columns.service, contentHash(bytes), 1, clientIp, method, path, status, null, bytes];
      insertRecord.run(...row, ...rest);
      insertWords.run(index + 1, columns.message, columns.service);
    });
    database.prepare(`INSERT INTO runs_${day} VALUES (1, ?, ?, ?, 1)`).run(producerBytes, firstSeq, records.length);
    const settled = new SettledRanges();
    settled.add(firstSeq, firstSeq + records.length - 1);
    database.prepare(`INSERT INTO settled_${day} VALUES (1, ?, ?)`).run(producerBytes, settled.encode());
    insertRollups(database, batch);
  });
}

function insertRollups(database: DatabaseSync, { producerDay: day, records }: LoggedBatch): void {
  const insertMinute = database.prepare(`INSERT INTO rollup_minutes_${day} VALUES (1, ?, 0, ?, ?, ?, ?, ?, ?, ?)`);
  const insertSeries = database.prepare(`INSERT INTO rollup_series_${day} VALUES (1, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const insertClients = database.prepare(`INSERT INTO rollup_clients_${day} VALUES (1, ?, 0, ?, ?)`);
  for (const [minute, rollup] of rollUp(records)) {
    insertMinute.run(minute, rollup.series.size, ...version1Values(rollup.tally));
    for (const [key, { service, path, tally }] of rollup.series) {
      const names = [key, service, path].map((text, index) => Buffer.from(text, index === 0 ? "hex" : "utf8"));
      insertSeries.run(minute, ...names, ...version1Values(tally));
    }
    for (const [service, addresses] of clientsByService(rollup)) {
      const sketch = new HyperLogLog();
      for (const address of addresses) sketch.add(address);
      insertClients.run(minute, Buffer.from(service), sketch.encode());
    }
  }
}

function version1Values({ requests, responseBytes, statuses, latencyCount, latencySumNanos, latencyMaxNanos }: Tally) {
  const latency = [latencyCount, latencySumNanos.toString(), latencyMaxNanos.toString()];
  return [requests, responseBytes.toString(), encodeStatuses(statuses), ...latency];
}
