import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parentPort, threadId, workerData } from "node:worker_threads";
import { answerCalls } from "../thread-calls.ts";
import { ReadConnection } from "./read-connection.ts";
import { readHandlers } from "./read-handlers.ts";

const BUSY_MS = 6_000;
const LATER_BUSY_MS = 10_000; // Of whoever is busy beside another one: it does not end first, however slow the machine is.

// A read thread that histograms keep busy with a statement in which SQLite calls nobody: it waits for a lock.
answerCalls(parentPort!, {
  ...readHandlers(new ReadConnection(workerData as string)),
  histogram: () => {
    const path = `${workerData}-busy-${threadId}`;
    const isFirst = readdirSync(dirname(path)).every((name) => !name.includes("-busy-"));
    const timeout = isFirst ? BUSY_MS : LATER_BUSY_MS;
    const [holder, waiter] = [new DatabaseSync(path), new DatabaseSync(path, { timeout })];
    holder.exec("BEGIN EXCLUSIVE");
    waiter.exec("BEGIN EXCLUSIVE");
  },
});
