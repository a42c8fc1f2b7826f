/**
 * The entry of the thread that stores in embedded mode: the worker's loops over the store's file, which this thread
 * alone writes. `EmbeddedStore` starts it and calls its handlers.
 */
import { parentPort, workerData } from "node:worker_threads";
import { answerCalls, type ThreadCall } from "../adapters/sqlite/thread-calls.ts";
import type { LetterState, ListedLetter } from "../ports/dead-letter-table.ts";
import { makeLogger } from "../runtime/logger.ts";
import { readableLog } from "../runtime/readable-log.ts";
import { lowerThreadPriority } from "../runtime/thread-priority.ts";
import type { StoreTotals } from "./metrics/store-metrics.ts";
import type { StoreThreadSettings } from "./store-thread-settings.ts";
import { StoreWorker } from "./store-worker.ts";

const NICENESS = 5;

lowerThreadPriority(NICENESS); // Acknowledgements are waited for; storing may be a little later on a busy machine.
const port = parentPort!;
const settings = workerData as StoreThreadSettings;
// Straight to the file descriptor: what goes through the main thread would be lost if that ended first.
const destination = settings.readableLog ? readableLog((line) => process.stdout.write(line)) : undefined;
const logger = makeLogger(settings.logLevel, destination);
let worker: StoreWorker | undefined;

const handlers = {
  /** First of all: opens the store, or creates it. Says how far it has read the log. */
  open(): { positions: bigint[] } {
    worker = new StoreWorker(settings, logger, (said) => port.postMessage(said));
    return { positions: worker.positions };
  },

  /** Begins to read the log. */
  start: (): Promise<void> => opened().start(),

  check: (): Promise<void> => opened().check(),

  totals: (): StoreTotals => opened().totals,

  settleLetter: (_call: ThreadCall, key: string, to: Exclude<LetterState, "open">) => opened().settleLetter(key, to),

  replay: (call: ThreadCall, listed: ListedLetter) => opened().replay(listed, call.signal),

  /** Last of all: what is under way is settled, and the file closed. */
  stop: async (): Promise<void> => {
    await worker?.stop();
    setImmediate(() => port.close()); // Behind the answer; nothing else keeps the thread.
  },
};

/** Its type, for those who call. */
export type StoreThreadHandlers = typeof handlers;

answerCalls(port, handlers);

function opened(): StoreWorker {
  if (!worker) throw new Error("the store was not opened");
  return worker;
}
