import { join } from "node:path";
import type { LogRecord } from "../../../gen/logpulse/v1/log_record_pb.ts";
import { readLedger } from "../../ledger/read-ledger.ts";
import { checkExports } from "../check-exports.ts";
import type { CheckResult } from "../check-result.ts";
import type { CountedProblem } from "../judge.ts";
import { Samples } from "../samples.ts";
import type { StoredCopy } from "../stored-copy.ts";
import { joinSettled } from "./join-settled.ts";
import { logLag } from "./log-lag.ts";
import { LogReader } from "./log-reader.ts";
import { RunCheck } from "./run-check.ts";
import { SqliteReader } from "./sqlite-reader.ts";
import { storeLetters } from "./store-letters.ts";
import { storeRollups } from "./store-rollups.ts";
import { type StoreRow, storeRows } from "./store-rows.ts";
import { WordCheck } from "./word-check.ts";

/** What is to be checked. */
export interface EmbeddedCheckRequest {
  /** The file that `Ledger` wrote. */
  ledgerFile: string;
  /** LOGPULSE_DATA of the run, with log.db and store.db in it. */
  folder: string;
  /** Default: "default". */
  tenant?: string;
  /** The drop rule of the run. Default: nothing is dropped. */
  isDropped?: (record: LogRecord) => boolean;
  /** True where valid records may become dead letters, beside those that conflict. Default: that is a problem. */
  mayDeadLetter?: boolean;
}

/**
 * Compares what the ledger says was sent and acknowledged with what the files of the embedded mode hold. The load must be
 * over and the log settled (`waitUntilSettled`); the process may run on or not.
 *
 * The log is trimmed once its messages are stored, so its part of the check covers what is left of it, and a lost record
 * may be named as not in the log although it was there. Whether each record came to the store is known from its rows,
 * its letters and what is settled, of which nothing is trimmed.
 *
 * Needs about 60 bytes of memory for each record and 100 for each distinct word of a day.
 *
 * @throws Error where a file cannot be read at all.
 */
export async function checkEmbedded(request: EmbeddedCheckRequest): Promise<CheckResult> {
  const { ledgerFile, folder, tenant = "default" } = request;
  const log = new LogReader(join(folder, "log.db"));
  const store = new SqliteReader(join(folder, "store.db"));
  const samples = new Samples();
  const rows = new RowChecks(store, samples);
  try {
    return await checkExports(
      {
        ledger: readLedger(ledgerFile),
        topic: log.messages(samples),
        letters: storeLetters(store),
        stores: [
          {
            store: "sqlite",
            copies: rows.copies(),
            lag: async () => logLag(log, store),
            further: (sent) => [
              ...joinSettled(sent, store, tenant, samples),
              ...rows.problems(),
              ...log.problems(),
              ...fileProblems("log.db", log.file, samples),
              ...fileProblems("store.db", store, samples),
            ],
          },
        ],
        rollups: { of: "sqlite", read: async () => storeRollups(store, tenant) },
      },
      {
        ...{ tenant, samples },
        ...{ isDropped: request.isDropped ?? (() => false), mayDeadLetter: request.mayDeadLetter ?? false },
      },
    );
  } finally {
    store.close();
    log.close();
  }
}

/** Looks at the rows in passing: they are read once. */
class RowChecks {
  private readonly rows: Iterable<StoreRow>;
  private readonly checks: readonly [RunCheck, WordCheck];

  constructor(store: SqliteReader, samples: Samples) {
    this.rows = storeRows(store);
    this.checks = [new RunCheck(store, samples), new WordCheck(store, samples)];
  }

  *copies(): Generator<StoredCopy> {
    for (const row of this.rows) {
      for (const check of this.checks) check.take(row);
      yield row.copy;
    }
  }

  problems(): CountedProblem[] {
    return this.checks.flatMap((check) => check.problems());
  }
}

function fileProblems(name: string, file: SqliteReader, samples: Samples): CountedProblem[] {
  const flaws = file.flaws();
  for (const flaw of flaws) samples.add(`flaws of ${name}`, `${name}: ${flaw}`);
  return [[flaws.length, `flaws that SQLite finds in ${name}`]];
}
