import { Worker } from "node:worker_threads";
import { ThreadCalls } from "../adapters/sqlite/thread-calls.ts";
import { LogPulseError } from "../domain/errors.ts";
import type { DeadLetterReplay, ReplayOutcome } from "../ports/dead-letter-replay.ts";
import type { ListedLetter } from "../ports/dead-letter-table.ts";
import type { StoreTotals } from "./metrics/store-metrics.ts";
import type { Fail } from "./process-parts.ts";
import type { StoreThreadHandlers } from "./store-thread.ts";
import type { StoreThreadNews, StoreThreadSettings } from "./store-thread-settings.ts";
import type { StoreCall } from "./tracing/told-store-calls.ts";

/** Who is told what the store does. */
export interface StoreListeners {
  /** Of each batch: how long after ingest received it it was settled, in milliseconds. */
  onSettled: (delayMs: number) => void;
  /** Of each transaction, where the settings say that they are told. */
  onStoreCall?: ((call: StoreCall) => void) | undefined;
}

/** The store thread, as the main thread sees it: what it writes is written by calls. */
export class EmbeddedStore implements DeadLetterReplay {
  readonly name = "sqlite";
  private readonly thread: Worker;
  private readonly calls: ThreadCalls<StoreThreadHandlers>;
  private readonly exited: Promise<void>;
  private news: string | undefined;
  private readonly listeners: StoreListeners;
  private stopping = false;

  /** Starts the thread. `fail`: it has ended by itself, or found what no waiting will mend. */
  constructor(settings: StoreThreadSettings, fail: Fail, listeners: StoreListeners) {
    this.listeners = listeners;
    this.thread = new Worker(new URL("./store-thread.ts", import.meta.url), {
      workerData: settings,
      name: "logpulse-store",
    });
    this.calls = new ThreadCalls<StoreThreadHandlers>(this.thread);
    this.thread.on("message", (message: StoreThreadNews) => this.onNews(message, fail));
    let failure: unknown;
    this.thread.on("error", (reason) => {
      failure = reason;
    });
    this.exited = new Promise((resolve) =>
      this.thread.once("exit", () => {
        this.calls.fail(new LogPulseError("store_unavailable", "the store thread has ended", { cause: failure }));
        if (!this.stopping) fail(new Error("the store thread has ended by itself", { cause: failure }));
        resolve();
      }),
    );
  }

  /** Why records may not be taken now; undefined where they may. */
  get refusal(): string | undefined {
    return this.news;
  }

  /** Opens the store or creates it; how far each partition of the log is read. @throws LogPulseError in plain words. */
  async open(): Promise<bigint[]> {
    return (await this.calls.call("open", [])).positions;
  }

  /** Begins to store. */
  start(): Promise<void> {
    return this.calls.call("start", []);
  }

  /** @throws LogPulseError `store_unavailable`; Error where messages of the log were lost. */
  check(): Promise<void> {
    return this.calls.call("check", []);
  }

  /** What it has counted. */
  totals(): Promise<StoreTotals> {
    return this.calls.call("totals", []);
  }

  /** As `DeadLetterTable.settle`. */
  settleLetter(key: string, to: "stored" | "expired", signal: AbortSignal): Promise<boolean> {
    return this.calls.call("settleLetter", [key, to], { signal });
  }

  replay(listed: ListedLetter, signal: AbortSignal): Promise<ReplayOutcome> {
    return this.calls.call("replay", [listed], { signal });
  }

  /** What is under way is settled; then the thread ends. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.calls.call("stop", []);
    await this.exited;
  }

  private onNews({ refusal, fault, delaysMs, storeCall }: StoreThreadNews, fail: Fail): void {
    if (storeCall !== undefined) this.listeners.onStoreCall?.(storeCall);
    for (const delayMs of delaysMs ?? []) this.listeners.onSettled(delayMs);
    if (refusal !== undefined) this.news = refusal ?? undefined;
    if (fault !== undefined && !this.stopping) fail(new Error(fault));
  }
}
