/**
 * A process for `event-log-crash.process.test.ts` to kill: opens the log and appends to it, several appends at a time, for ever.
 * Says a line per append, "kept 3.17" or "failed 3.18 log_unavailable: why": the appender and the number of its append.
 *
 * Arguments: the path of log.db, how many appenders, the first number of each, joined by commas.
 */
import { writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { LogPulseError } from "../../../domain/errors.ts";
import { SqliteEventLog } from "./event-log.ts";
import { crashBatches } from "./event-log-crash.fixture.ts";

const [path = "", numbers = ""] = process.argv.slice(2);
const FAILED_WAIT_MS = 10;
const log = await SqliteEventLog.open({
  path,
  partitions: 2,
  onFault: ({ message }) => say(`fault ${message}`),
  onTrouble: (message) => say(`trouble ${message}`),
});

await Promise.all(numbers.split(",").map((first, appender) => appendForEver(appender, Number(first))));

async function appendForEver(appender: number, first: number): Promise<void> {
  for (let number = first; ; number++) {
    try {
      await log.append(appender % log.partitions, crashBatches(appender, number));
      say(`kept ${appender}.${number}`);
    } catch (reason) {
      const { kind, message } = reason as LogPulseError;
      say(`failed ${appender}.${number} ${kind}: ${message}`);
      await sleep(FAILED_WAIT_MS);
    }
  }
}

/** At once: what is in a buffer when the process is killed was never said. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}
