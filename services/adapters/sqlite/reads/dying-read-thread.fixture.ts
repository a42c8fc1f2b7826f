import { parentPort, workerData } from "node:worker_threads";
import { answerCalls } from "../thread-calls.ts";
import { ReadConnection } from "./read-connection.ts";
import { readHandlers } from "./read-handlers.ts";

// A read thread that lookups and counting kill: facets by an error that nobody catches, the others by an exit.
answerCalls(parentPort!, {
  ...readHandlers(new ReadConnection(workerData as string)),
  lookUp: () => process.exit(3),
  histogram: () => process.exit(3),
  timeSpan: () => process.exit(0),
  facets: () => {
    setImmediate(() => {
      throw new Error("killed by a test");
    });
    return new Promise(() => {});
  },
});
