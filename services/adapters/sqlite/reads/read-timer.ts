import { monotonicMs, type ReadTime, tooSlow } from "./read-bound.ts";

/** The time of one read as its caller sees it: it ends with the caller's own signal, or when it is over. */
export class ReadTimer {
  /** Aborted with the caller's reason, with that of `stop`, or with LogPulseError `store_unavailable` in the end. */
  readonly signal: AbortSignal;
  /** The same for the thread that reads. */
  readonly time: ReadTime;
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private readonly caller: AbortSignal | undefined;
  private readonly giveUp = () => this.stop(this.caller?.reason);

  constructor(msMax: number, caller?: AbortSignal) {
    this.signal = this.controller.signal;
    this.time = { msMax, endMs: monotonicMs() + msMax };
    this.timer = setTimeout(() => this.stop(tooSlow(msMax)), msMax);
    this.caller = caller;
    if (caller?.aborted) this.giveUp();
    caller?.addEventListener("abort", this.giveUp, { once: true });
  }

  stop(reason: unknown): void {
    this.controller.abort(reason);
  }

  /** Frees what it holds. */
  end(): void {
    clearTimeout(this.timer);
    this.caller?.removeEventListener("abort", this.giveUp);
  }
}
