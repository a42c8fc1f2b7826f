import { Worker } from "node:worker_threads";
import { LogPulseError } from "../../../domain/errors.ts";
import {
  READ_THREAD_DEATHS_IN_ROW_MAX,
  READ_THREAD_LATE_MS_MAX,
  READ_THREADS,
  READS_WAITING_MAX,
  STORE_CHECK_MS_MAX,
  STORE_QUERY_MS_MAX,
} from "../../../domain/limits.ts";
import { isDamage } from "../errors.ts";
import { ThreadCalls } from "../thread-calls.ts";
import type { ReadTime } from "./read-bound.ts";
import type { ReadHandlers } from "./read-handlers.ts";
import { type ReadLimits, ReadTimer } from "./read-timer.ts";
import { TurnLine } from "./turn-line.ts";

/** What the read threads need to know, and whom they tell. */
export interface ReadSettings {
  /** Of the store's file. */
  path: string;
  /** The file is not what SQLite wrote: no later read will mend that. */
  onDamage(reason: unknown): void;
  /** A thread has ended by itself, or was late; its read was rejected. `isReplaced`: another one has begun. */
  onThreadDeath(reason: unknown, isReplaced: boolean): void;
  /** READ_THREADS unless given. */
  threads?: number;
  /** READS_WAITING_MAX unless given. */
  waitingMax?: number;
  /** STORE_QUERY_MS_MAX unless given. */
  queryMsMax?: number;
  /** READ_THREAD_DEATHS_IN_ROW_MAX unless given. */
  deathsInRowMax?: number;
  /** READ_THREAD_LATE_MS_MAX unless given. */
  lateMsMax?: number;
  /** What the threads run; read-thread.ts unless given. */
  entry?: URL;
}

/** Asks a thread something, in the time that there is. */
export type Question<Answer> = (
  calls: ThreadCalls<ReadHandlers>,
  time: ReadTime,
  options: { signal: AbortSignal },
) => Promise<Answer>;

interface ReadThread {
  worker: Worker;
  calls: ThreadCalls<ReadHandlers>;
  /** Threads that have died in this one's place since one of them gave an answer. */
  deathsInRow: number;
}

/**
 * Threads that read the store's file: each does one thing at a time, and what is asked meanwhile waits in line.
 *
 * A thread in the middle of a statement ends it as soon as SQLite calls one of our functions. Where that takes too long
 * it is ended when SQLite lets it, and another one takes its place at once: of as many threads as there should be, so
 * that there are never more than twice as many.
 */
export class ReadThreads {
  private readonly settings: ReadSettings;
  private readonly queryMsMax: number;
  private readonly lateMsMax: number;
  private readonly threads = new Set<ReadThread>();
  private readonly late = new Set<ReadThread>();
  private readonly threadsMax: number;
  private readonly line: TurnLine<ReadThread>;
  /** As many places as there may be long reads at once: each stands for a thread. */
  private readonly longReads: TurnLine<object>;
  private readonly timers = new Set<ReadTimer>();
  private closing: Promise<void> | undefined;

  constructor(settings: ReadSettings) {
    this.settings = settings;
    this.lateMsMax = settings.lateMsMax ?? READ_THREAD_LATE_MS_MAX;
    this.queryMsMax = settings.queryMsMax ?? STORE_QUERY_MS_MAX;
    this.line = new TurnLine("reads", settings.waitingMax ?? READS_WAITING_MAX);
    this.longReads = new TurnLine("long reads", settings.waitingMax ?? READS_WAITING_MAX);
    const threads = settings.threads ?? READ_THREADS;
    this.threadsMax = threads;
    for (let count = threads; count > 0; count--) this.start(0);
    for (let count = Math.max(1, threads - 1); count > 0; count--) this.longReads.add({});
  }

  /**
   * Asks an idle thread, or the next one that is.
   *
   * `limits`: unless given, STORE_QUERY_MS_MAX of a read that is not costly.
   *
   * @throws LogPulseError `overloaded` where too many reads wait; `store_unavailable` where the file cannot be read, or
   *   there is no answer in time, which is `query_too_costly` where a costly read has used it itself; the signal's reason
   *   as soon as it is aborted.
   */
  ask<Answer>(question: Question<Answer>, signal: AbortSignal, limits: Partial<ReadLimits> = {}): Promise<Answer> {
    return this.run(question, this.timer(limits, signal), false);
  }

  /**
   * The same for what may go through all records, and is costly unless `limits` say otherwise: of all threads but one, so
   * that nobody waits behind it for a record.
   */
  async askLong<Answer>(
    question: Question<Answer>,
    signal: AbortSignal,
    limits: Partial<ReadLimits> = {},
  ): Promise<Answer> {
    const timer = this.timer({ isCostly: true, ...limits }, signal); // It waits in that time too.
    const place = await this.longReads.turn(timer.signal).catch((reason: unknown) => {
      timer.end();
      throw reason;
    });
    return this.run(question, timer, false).finally(() => this.longReads.add(place));
  }

  /** The same before all that wait, within STORE_CHECK_MS_MAX. */
  askFirst<Answer>(question: Question<Answer>): Promise<Answer> {
    return this.run(question, new ReadTimer({ msMax: STORE_CHECK_MS_MAX, isCostly: false }), true);
  }

  /** Ends all reads, with `store_unavailable`, and then the threads; may be called again. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private timer(limits: Partial<ReadLimits>, signal: AbortSignal): ReadTimer {
    return new ReadTimer({ msMax: this.queryMsMax, isCostly: false, ...limits }, signal);
  }

  private async run<Answer>(question: Question<Answer>, timer: ReadTimer, isFirst: boolean): Promise<Answer> {
    this.timers.add(timer);
    try {
      const thread = await this.line.turn(timer.signal, isFirst);
      timer.begin();
      try {
        const answer = await question(thread.calls, timer.time, { signal: timer.signal });
        thread.deathsInRow = 0;
        return answer;
      } finally {
        void this.handOn(thread, timer.signal.aborted);
      }
    } catch (reason) {
      if (isDamage(reason)) this.settings.onDamage(reason);
      throw reason;
    } finally {
      this.timers.delete(timer);
      timer.end();
    }
  }

  /** What was cancelled may still be under way: the thread answers the next call when it has seen that. */
  private async handOn(thread: ReadThread, wasCancelled: boolean): Promise<void> {
    const timer = wasCancelled ? setTimeout(() => this.giveUp(thread), this.lateMsMax) : undefined;
    try {
      if (wasCancelled) await thread.calls.call("idle", []);
    } catch {
      return; // It has ended: whoever sees that has told of it.
    } finally {
      clearTimeout(timer);
    }
    if (this.threads.has(thread)) this.line.add(thread);
  }

  private start(deathsInRow: number): void {
    const entry = this.settings.entry ?? new URL("./read-thread.ts", import.meta.url);
    const worker = new Worker(entry, { workerData: this.settings.path, name: "logpulse-read" });
    const thread: ReadThread = { worker, calls: new ThreadCalls<ReadHandlers>(worker), deathsInRow };
    let failure: unknown = new Error("it has ended without an error");
    worker.on("error", (reason) => {
      failure = reason;
    });
    worker.on("exit", () => this.onExit(thread, failure));
    this.threads.add(thread);
    this.line.add(thread);
  }

  /** It is still at what nobody waits for. Where too many are, its place stays empty until it has ended. */
  private giveUp(thread: ReadThread): void {
    if (this.closing) return;
    void thread.worker.terminate();
    if (this.late.size >= this.threadsMax) return;
    this.late.add(thread);
    this.threads.delete(thread);
    const failure = new Error(`it was still at a read ${this.lateMsMax} ms after its end`);
    thread.calls.fail(new LogPulseError("store_unavailable", "the thread that read was late", { cause: failure }));
    this.start(thread.deathsInRow); // Its read was to blame, not the thread.
    this.settings.onThreadDeath(failure, true);
  }

  private onExit(thread: ReadThread, failure: unknown): void {
    if (this.late.delete(thread)) return; // Another one has its place.
    this.threads.delete(thread);
    this.line.remove(thread);
    const reason = new LogPulseError("store_unavailable", "the thread that read has died", { cause: failure });
    thread.calls.fail(reason);
    if (this.closing) return;
    const isReplaced = thread.deathsInRow < (this.settings.deathsInRowMax ?? READ_THREAD_DEATHS_IN_ROW_MAX);
    if (isReplaced) this.start(thread.deathsInRow + 1);
    if (this.threads.size === 0) this.line.close(reason);
    this.settings.onThreadDeath(failure, isReplaced);
  }

  private async end(): Promise<void> {
    const reason = new LogPulseError("store_unavailable", "the store's file is not read any more: the process stops");
    this.line.close(reason);
    this.longReads.close(reason);
    for (const timer of this.timers) timer.stop(reason);
    await Promise.all([...this.threads].map((thread) => closeThread(thread)));
  }
}

/** Lets it close its file, which it does as soon as it sees that its read is cancelled. */
async function closeThread({ worker, calls }: ReadThread): Promise<void> {
  const time = new ReadTimer({ msMax: STORE_CHECK_MS_MAX, isCostly: false });
  try {
    await calls.call("close", [], { signal: time.signal });
  } catch {
    // It has died, or it is stuck: both end here.
  } finally {
    time.end();
    await worker.terminate();
  }
}
