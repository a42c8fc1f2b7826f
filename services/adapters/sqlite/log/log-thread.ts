/** The entry of the log thread: it alone writes the log's file. `SqliteEventLog` starts it and calls its handlers. */
import { setImmediate as otherCalls } from "node:timers/promises";
import { parentPort } from "node:worker_threads";
import { LogPulseError } from "../../../domain/errors.ts";
import { isDamage, toLogError } from "../errors.ts";
import { answerCalls, type ThreadCall } from "../thread-calls.ts";
import { type LogCommit, LogFile, type LogFileSettings } from "./log-file.ts";

/** What the thread is started with. */
export interface LogThreadSettings extends LogFileSettings {
  trimEveryMs: number;
}

/** Which log was opened. */
export interface OpenedLog {
  logId: string;
  isWhole: boolean;
  /** Of LogSignals. */
  signals: SharedArrayBuffer;
}

/** Said unasked: trimming or a checkpoint failed. It is tried again, but for a file that is damaged. */
export interface LogTrouble {
  trouble: { message: string; damaged: boolean };
}

const port = parentPort!;
let file: LogFile | undefined;
let trimTimer: NodeJS.Timeout | undefined;
let trimming = false;

/** The functions of the log thread. Each throws `log_unavailable` where the file does not do what is asked. */
const handlers = {
  /** First of all. */
  open(_call: ThreadCall, settings: LogThreadSettings): OpenedLog {
    return inLogWords(() => {
      file = new LogFile(settings);
      trimTimer = setInterval(() => void trim(), settings.trimEveryMs);
      return { logId: file.logId, isWhole: file.isWhole, signals: file.signals.buffer };
    });
  },

  append(_call: ThreadCall, commit: LogCommit): void {
    inLogWords(() => opened().append(commit));
    setImmediate(checkpoint); // After the answer.
  },

  raiseTo(_call: ThreadCall, partition: number, offset: bigint): void {
    inLogWords(() => opened().raiseTo(partition, offset));
  },

  check(): void {
    inLogWords(() => opened().check());
  },

  /** Last of all. */
  close(): void {
    clearInterval(trimTimer);
    const closing = file;
    file = undefined;
    inLogWords(() => closing?.close());
  },
};

/** Its type, for those who call. */
export type LogThreadHandlers = typeof handlers;

answerCalls(port, handlers);

function opened(): LogFile {
  if (!file) throw new LogPulseError("log_unavailable", "the log is closed");
  return file;
}

function inLogWords<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (reason) {
    throw toLogError(reason);
  }
}

function checkpoint(): void {
  try {
    file?.checkpointIfDue();
  } catch (reason) {
    tell(reason);
  }
}

/** Trims all there is to trim; appends that have come meanwhile go between two transactions. */
async function trim(): Promise<void> {
  if (trimming) return;
  trimming = true;
  try {
    while (file?.trimSome()) {
      checkpoint();
      await otherCalls();
    }
  } catch (reason) {
    tell(reason);
  } finally {
    trimming = false;
  }
}

function tell(reason: unknown): void {
  const { message } = toLogError(reason);
  port.postMessage({ trouble: { message, damaged: isDamage(reason) } } satisfies LogTrouble);
}
