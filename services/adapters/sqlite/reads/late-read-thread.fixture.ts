import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { answerCalls } from "../thread-calls.ts";
import { ReadConnection } from "./read-connection.ts";
import { readHandlers } from "./read-handlers.ts";

const COUNT = 40_000_000; // Some seconds.

// A read thread that histograms keep busy with a statement in which SQLite calls nobody. A time span fails as a bug.
answerCalls(parentPort!, {
  ...readHandlers(new ReadConnection(workerData as string)),
  histogram: () => {
    const numbers = `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${COUNT})`;
    new DatabaseSync(":memory:").prepare(`${numbers} SELECT count(*) FROM numbers`).get();
    return [];
  },
});
