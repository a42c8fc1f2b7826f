import { monotonicMs, type ReadTime, timeUp } from "./read-bound.ts";

/** What a read may take. */
export interface ReadLimits extends Pick<ReadTime, "runMsMax" | "isCostly"> {
  msMax: number;
}

const LATE_MS = 500; // A read that has begun ends by itself when its time is up, and says what it has found.

/** The time of one read as its caller sees it: it ends with the caller's own signal, or when it is over. */
export class ReadTimer {
  /** Aborted with the caller's reason, with that of `stop`, or as `timeUp` in the end: a little later once it has begun. */
  readonly signal: AbortSignal;
  /** The same for the thread that reads. */
  readonly time: ReadTime;
  private readonly controller = new AbortController();
  private readonly caller: AbortSignal | undefined;
  private timer: NodeJS.Timeout;
  private beganMs: number | undefined;
  private readonly giveUp = () => this.stop(this.caller?.reason);

  constructor({ msMax, runMsMax, isCostly }: ReadLimits, caller?: AbortSignal) {
    this.signal = this.controller.signal;
    this.time = { msMax, endMs: monotonicMs() + msMax, runMsMax, isCostly };
    this.timer = setTimeout(() => this.onTime(), msMax);
    this.caller = caller;
    if (caller?.aborted) this.giveUp();
    caller?.addEventListener("abort", this.giveUp, { once: true });
  }

  /** It waits no more: a thread is at it. */
  begin(): void {
    this.beganMs = monotonicMs();
  }

  stop(reason: unknown): void {
    this.controller.abort(reason);
  }

  /** Frees what it holds. */
  end(): void {
    clearTimeout(this.timer);
    this.caller?.removeEventListener("abort", this.giveUp);
  }

  private onTime(): void {
    if (this.beganMs === undefined) this.stop(timeUp(this.time, 0));
    else this.timer = setTimeout(() => this.stop(timeUp(this.time, monotonicMs() - this.beganMs!)), LATE_MS);
  }
}
