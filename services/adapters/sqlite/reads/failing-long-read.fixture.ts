import { parentPort, workerData } from "node:worker_threads";
import { LogPulseError } from "../../../domain/errors.ts";
import { answerCalls } from "../thread-calls.ts";
import type { ReadTime } from "./read-bound.ts";
import { monotonicMs, timeUp } from "./read-bound.ts";
import { ReadConnection } from "./read-connection.ts";
import { readHandlers } from "./read-handlers.ts";

/** What the long read of a search fails with, by the tenant that it is of. */
const FAILURES: Record<string, (time: ReadTime) => unknown> = {
  late: (time) => timeUp(time, 0),
  bug: () => new LogPulseError("bug", "killed by a test"),
  damage: () =>
    new LogPulseError("store_unavailable", "damaged", { cause: Object.assign(new Error("x"), { errcode: 11 }) }),
};

// A read thread whose first look at a search finds a part of nothing, and whose long read fails when its time is over.
answerCalls(parentPort!, {
  ...readHandlers(new ReadConnection(workerData as string)),
  search: (_call, time: ReadTime, { tenant }: { tenant: string }) => {
    if (time.runMsMax !== undefined) return { records: [], isCut: false, isPartial: true };
    while (monotonicMs() < time.endMs);
    throw FAILURES[tenant]!(time);
  },
});
