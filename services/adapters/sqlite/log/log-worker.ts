import { Worker } from "node:worker_threads";
import { LogPulseError } from "../../../domain/errors.ts";
import { APPEND_MS_MAX, LOG_CHECK_MS_MAX } from "../../../domain/limits.ts";
import { isDamage } from "../errors.ts";
import { ThreadCalls } from "../thread-calls.ts";
import type { LogCommit } from "./log-file.ts";
import type { LogThreadHandlers, LogThreadSettings, LogTrouble, OpenedLog } from "./log-thread.ts";

/** Who wants to know of what the log thread cannot mend by itself. */
export interface LogWatcher {
  /** Called at most once: the file is damaged or the thread has died. Only a new process can append again. */
  onFault(reason: LogPulseError): void;
  /** Called where trimming or a checkpoint failed, which is tried again: the file may grow meanwhile. */
  onTrouble(message: string): void;
}

/** The log thread, as the others see it. Calls reject with `log_unavailable` once it has died. */
export class LogWorker {
  private readonly watcher: LogWatcher;
  private readonly worker = new Worker(new URL("./log-thread.ts", import.meta.url), { name: "logpulse-log" });
  private readonly calls = new ThreadCalls<LogThreadHandlers>(this.worker);
  private watched = false;
  private dead = false;

  constructor(watcher: LogWatcher) {
    this.watcher = watcher;
    this.worker.on("error", (reason) => this.died(reason));
    this.worker.on("exit", (code) => this.died(new Error(`exit code ${code}`)));
    this.worker.on("message", (message: Partial<LogTrouble>) => this.hear(message));
  }

  /** Opens the file. Where that rejects, the thread has ended. */
  async open(settings: LogThreadSettings): Promise<OpenedLog> {
    try {
      const opened = await this.calls.call("open", [settings]);
      this.watched = true;
      return opened;
    } catch (reason) {
      await this.worker.terminate();
      throw reason;
    }
  }

  /** One transaction: keeps all messages, or rejects. The buffers are given away. */
  commit(together: LogCommit): Promise<void> {
    const transfer = [together.bytes.buffer as ArrayBuffer, together.messages.buffer as ArrayBuffer];
    return this.judged(this.calls.call("append", [together], { transfer }));
  }

  raiseTo(partition: number, offset: bigint): Promise<void> {
    return this.judged(this.calls.call("raiseTo", [partition, offset]));
  }

  /** Rejects also where there is no answer within LOG_CHECK_MS_MAX. */
  check(): Promise<void> {
    const signal = AbortSignal.timeout(LOG_CHECK_MS_MAX);
    return this.judged(this.calls.call("check", [], { signal }));
  }

  /** Closes the file and ends the thread. What is kept is kept, also where a disk that hangs lets it do neither. */
  async close(): Promise<void> {
    this.watched = false;
    if (this.dead) return;
    const signal = AbortSignal.timeout(APPEND_MS_MAX);
    try {
      await this.judged(this.calls.call("close", [], { signal }));
      await this.worker.terminate();
    } catch (reason) {
      this.watcher.onTrouble(`the log's file was not closed well: ${(reason as Error).message}`);
      void this.worker.terminate(); // Nobody knows when: a thread that waits for the disk cannot be ended.
    }
  }

  private async judged<Answer>(call: Promise<Answer>): Promise<Answer> {
    try {
      return await call;
    } catch (reason) {
      if (isTimeout(reason)) throw new LogPulseError("log_unavailable", "the log does not answer");
      if (isDamage(reason)) this.fault(reason as LogPulseError);
      throw reason;
    }
  }

  private hear({ trouble }: Partial<LogTrouble>): void {
    if (!trouble) return; // An answer.
    if (trouble.damaged) this.fault(new LogPulseError("log_unavailable", trouble.message));
    else this.watcher.onTrouble(trouble.message);
  }

  private died(cause: unknown): void {
    this.dead = true;
    const failure = new LogPulseError("log_unavailable", "the log's thread has died", { cause });
    this.calls.fail(failure);
    this.fault(failure);
  }

  private fault(reason: LogPulseError): void {
    if (!this.watched) return;
    this.watched = false;
    this.watcher.onFault(reason);
  }
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === "TimeoutError";
}
