import { parentPort, workerData } from "node:worker_threads";
import { answerCalls } from "../thread-calls.ts";
import { ReadConnection } from "./read-connection.ts";
import { readHandlers } from "./read-handlers.ts";

// A read thread that statistics kill: latency by an error that nobody catches, the others by an exit without one.
answerCalls(parentPort!, {
  ...readHandlers(new ReadConnection(workerData as string)),
  statuses: () => process.exit(3),
  traffic: () => process.exit(0),
  latency: () => {
    setImmediate(() => {
      throw new Error("killed by a test");
    });
    return new Promise(() => {});
  },
});
