import { parentPort, workerData } from "node:worker_threads";
import { answerCalls } from "../thread-calls.ts";
import { ReadConnection } from "./read-connection.ts";
import { readHandlers } from "./read-handlers.ts";

// The entry of a read thread; `workerData` is the path of the store's file.
answerCalls(parentPort!, readHandlers(new ReadConnection(workerData as string)));
