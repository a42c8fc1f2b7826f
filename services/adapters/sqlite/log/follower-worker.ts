import { Worker } from "node:worker_threads";
import { LogPulseError } from "../../../domain/errors.ts";
import { ThreadCalls } from "../thread-calls.ts";
import type { FollowerThreadHandlers } from "./follower-thread.ts";

/** The thread that reads the log's file for tails, once it has the file open. */
export class FollowerWorker {
  readonly calls: ThreadCalls<FollowerThreadHandlers>;
  private readonly worker: Worker;

  /**
   * Starts the thread and opens the file.
   *
   * `onDeath`: called when the thread has died; calls reject with `log_unavailable` then.
   *
   * @throws LogPulseError `log_unavailable`, or `bug` where the file is not a log of this version; then the thread has ended.
   */
  static async start(path: string, onDeath: () => void): Promise<FollowerWorker> {
    const worker = new FollowerWorker(onDeath);
    try {
      await worker.calls.call("open", [path]);
      return worker;
    } catch (reason) {
      await worker.end();
      throw reason;
    }
  }

  private constructor(onDeath: () => void) {
    this.worker = new Worker(new URL("./follower-thread.ts", import.meta.url), { name: "logpulse-tail" });
    this.calls = new ThreadCalls(this.worker);
    const died = (cause: unknown) => {
      this.calls.fail(
        new LogPulseError("log_unavailable", "the thread that reads the log for tails has died", { cause }),
      );
      onDeath();
    };
    this.worker.on("error", died);
    this.worker.on("exit", (code) => died(new Error(`exit code ${code}`)));
  }

  /** Ends the thread. It only reads, so nothing can be lost. */
  async end(): Promise<void> {
    await this.worker.terminate();
  }
}
