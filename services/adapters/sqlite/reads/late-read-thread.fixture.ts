import { DatabaseSync } from "node:sqlite";
import { parentPort, threadId, workerData } from "node:worker_threads";
import { answerCalls } from "../thread-calls.ts";
import { ReadConnection } from "./read-connection.ts";
import { readHandlers } from "./read-handlers.ts";

const BUSY_MS = 6_000;

// A read thread that histograms keep busy with a statement in which SQLite calls nobody: it waits for a lock.
answerCalls(parentPort!, {
  ...readHandlers(new ReadConnection(workerData as string)),
  histogram: () => {
    const path = `${workerData}-${threadId}`;
    const [holder, waiter] = [new DatabaseSync(path), new DatabaseSync(path, { timeout: BUSY_MS })];
    holder.exec("BEGIN EXCLUSIVE");
    waiter.exec("BEGIN EXCLUSIVE");
  },
});
