import { closeSync, cpSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { sentAndStored } from "./embedded-bugs.ts";
import { EmbeddedPlantedRun } from "./embedded-planted-run.ts";

const SETUP_MS_MAX = 30_000;
const COLUMNS = "tenant, producer, seq, time_ns, received_ns, severity, severity_text, service, content_hash, has_http";
const HTTP_COLUMNS = "client_ip, method, path, status, latency_ns";

/** A record in the middle of those that are a request, and one that is none: the statistics know nothing of it. */
const REQUEST = "(SELECT id FROM records_D WHERE has_http ORDER BY id LIMIT 1 OFFSET 50)";
const OTHER = "(SELECT id FROM records_D WHERE NOT has_http ORDER BY id LIMIT 1 OFFSET 50)";

/** What is done to store.db, with D for the producer day, and what the checker must say. */
const STORE: [name: string, sql: string, problems: RegExp[]][] = [
  [
    "a row is gone",
    `DELETE FROM records_D WHERE id = ${OTHER}`,
    [
      /^1 acknowledged records lost in sqlite$/,
      /^1 records of the topic that sqlite does not hold$/,
      /^1 seqs settled in sqlite without a row or a dead letter$/,
      /^1 places in runs of sqlite that have no row$/,
      /^\d+ words that sqlite's index counts otherwise/,
    ],
  ],
  [
    "a row is there twice",
    `INSERT INTO records_D SELECT (SELECT max(id) + 1 FROM records_D), ${COLUMNS}, ${HTTP_COLUMNS}, record
      FROM records_D WHERE id = ${OTHER}`,
    [
      /^1 duplicates in sqlite$/,
      /^1 rows of sqlite that are not found by their identity$/,
      /^\d+ words that sqlite's index counts otherwise/,
    ],
  ],
  [
    "a column is another",
    `UPDATE records_D SET status = 999 WHERE id = ${REQUEST}`,
    [/^1 records in sqlite that differ/],
  ],
  [
    "a time to sort by is another",
    `UPDATE records_D SET time_ns = time_ns + 1 WHERE id = ${OTHER}`,
    [/^1 records in sqlite that differ/],
  ],
  [
    "a run leads to the wrong rows",
    "UPDATE runs_D SET first_seq = first_seq + 1 WHERE first_id = (SELECT max(first_id) FROM runs_D)",
    [/^\d+ rows of sqlite that are not found by their identity$/, /^\d+ places in runs of sqlite that have no row$/],
  ],
  [
    "a producer has settled nothing",
    "DELETE FROM settled_D WHERE producer = (SELECT min(producer) FROM settled_D)",
    [
      /^\d+ statistics that differ/,
      /^\d+ rows of sqlite that are not settled$/,
      /^\d+ acknowledged seqs that sqlite has not settled$/,
    ],
  ],
  [
    "more is settled than was sent",
    "UPDATE settled_D SET ranges = CAST(ranges || X'0A05' AS BLOB) WHERE producer = (SELECT min(producer) FROM settled_D)",
    [/^6 seqs settled in sqlite that were never sent$/],
  ],
  [
    "a range of settled seqs ends at the end of all numbers",
    "UPDATE settled_D SET ranges = CAST(ranges || X'0AFFFFFFFFFFFF0F' AS BLOB) WHERE producer = (SELECT min(producer) FROM settled_D)",
    [/^\d{14,} seqs settled in sqlite that were never sent$/],
  ],
  [
    "a minute is counted too high",
    "UPDATE rollup_minutes_D SET requests = requests + 1 WHERE minute = (SELECT max(minute) FROM rollup_minutes_D)",
    [/^1 statistics that differ from a recount$/],
  ],
  [
    "clients are not counted",
    "DELETE FROM rollup_clients_D WHERE minute = (SELECT max(minute) FROM rollup_clients_D)",
    [/^\d+ statistics that differ from a recount$/],
  ],
  [
    "a dead letter is gone",
    "DELETE FROM dead_letters WHERE letter_key = (SELECT min(letter_key) FROM dead_letters)",
    [/^1 conflicting records without a dead letter of sqlite$/],
  ],
  [
    "a dead letter is another record's",
    `UPDATE dead_letters SET original = (SELECT record FROM records_D WHERE id = ${OTHER})
      WHERE letter_key = (SELECT min(letter_key) FROM dead_letters)`,
    [
      /^1 dead letters whose original differs from what was sent$/,
      /^1 valid records that sqlite made dead letters$/,
      /^1 conflicting records without a dead letter of sqlite$/,
    ],
  ],
  ["the position is behind", "UPDATE positions SET next_offset = next_offset - 1", [/^1 messages that sqlite's group/]],
  [
    "the positions are another log's",
    "UPDATE store_state SET log_id = X'00'",
    [/^\d+ messages that sqlite's group has not passed$/],
  ],
];

const LOG: typeof STORE = [
  [
    "a message is gone",
    "DELETE FROM messages_0 WHERE offset = 1",
    [/^1 gaps between the messages of the log$/, /^1 messages of the log whose sum of bytes is wrong$/],
  ],
  [
    "a message is another",
    "UPDATE messages_0 SET batch = (SELECT batch FROM messages_0 WHERE offset = 2) WHERE offset = 1",
    [/^\d+ messages of the log whose sum of bytes is wrong$/],
  ],
];

/** What was whole when the process ended is altered before the checker looks at it. */
describe("the checker of the embedded mode, where in the files", () => {
  let run: EmbeddedPlantedRun;

  beforeAll(async () => {
    run = await EmbeddedPlantedRun.open(false);
    await sentAndStored(run);
    await run.stop();
  }, SETUP_MS_MAX);
  afterAll(() => run.close());

  function copied(): string {
    const folder = mkdtempSync(join(tmpdir(), "logpulse-altered-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    cpSync(run.folder, folder, { recursive: true });
    return folder;
  }

  it("nothing is altered, is content", async () => {
    const { problems, stores, acked, rejected } = await run.check(copied());
    expect(problems).toEqual([]);
    expect(rejected).toBeGreaterThan(0);
    expect(stores.sqlite).toMatchObject({ lag: 0, conflicts: 8 });
    expect(stores.sqlite!.stored).toBeLessThan(acked); // Some are dropped by rule.
  });

  it.each([...STORE.map((one) => ["store.db", ...one] as const), ...LOG.map((one) => ["log.db", ...one] as const)])(
    "%s: %s, says so",
    async (file, _name, sql, problems) => {
      const folder = copied();
      const database = new DatabaseSync(join(folder, file));
      const day = file === "store.db" ? database.prepare("SELECT max(day) AS day FROM record_days").get()!.day : "";
      const { changes } = database.prepare(sql.replaceAll("_D", `_${day}`)).run();
      database.close();
      expect(changes).toBeGreaterThan(0);
      const found = await run.check(folder);
      expect(found.problems).toEqual(problems.map((problem) => expect.stringMatching(problem)));
    },
  );

  it("an index page is overwritten, says so", async () => {
    const folder = copied();
    const path = join(folder, "store.db");
    const database = new DatabaseSync(path);
    const { rootpage } = database
      .prepare("SELECT rootpage FROM sqlite_schema WHERE name LIKE 'records_%_by_time'")
      .get()!;
    const { page_size } = database.prepare("PRAGMA page_size").get()!;
    database.close();
    const file = openSync(path, "r+");
    writeSync(file, Buffer.alloc(16, 0x55), 0, 16, Number(rootpage) * Number(page_size) - 20); // Cells stand at the end.
    closeSync(file);
    const { problems } = await run.check(folder);
    expect(problems).toEqual([expect.stringMatching(/^\d+ flaws that SQLite finds in store.db$/)]);
  });
});
