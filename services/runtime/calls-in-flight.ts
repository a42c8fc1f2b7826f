import { LogPulseError } from "../domain/errors.ts";

/** One call that a handler works on. */
export interface OpenCall {
  /** Aborted with a LogPulseError when nobody waits for the answer any more. */
  signal: AbortSignal;
  /** Aborts the signal; only the first reason counts, and none after the end. */
  abort(reason: LogPulseError): void;
  /** The handler has settled and its answer is sent. To be called once. */
  end(): void;
}

/**
 * Counts the calls that handlers work on, over all protocols, bounds them, and lets them run out before a stop.
 * grpc-js's own shutdown does not see connections that were handed to it, so we count.
 */
export class CallsInFlight {
  private readonly callsMax: number;
  private readonly open = new Set<AbortController>();
  private readonly waited = new Set<AbortController>();
  private stopped = false;
  private onNone: (() => void) | undefined;

  constructor(callsMax: number) {
    this.callsMax = callsMax;
  }

  /** How many calls a stop would wait for. */
  get count(): number {
    return this.waited.size;
  }

  /**
   * Opens a call. `waitedFor` is false for those that a stopping process need not wait for, as a reflection client that
   * keeps its stream open. `onAbort` runs once, when the call is aborted by anybody.
   *
   * @throws LogPulseError `overloaded`: too many calls are open, or the process has stopped.
   */
  begin(waitedFor: boolean, onAbort?: (reason: LogPulseError) => void): OpenCall {
    if (this.stopped) throw stopping();
    if (this.open.size >= this.callsMax) {
      const message = `${this.open.size} calls are in flight, which is all this process takes`;
      throw new LogPulseError("overloaded", message, { retryAfterMs: 1_000 });
    }
    const controller = new AbortController();
    this.open.add(controller);
    if (waitedFor) this.waited.add(controller);
    if (onAbort) {
      controller.signal.addEventListener("abort", () => onAbort(controller.signal.reason as LogPulseError), {
        once: true,
      });
    }
    return {
      signal: controller.signal,
      abort: (reason) => {
        if (this.open.has(controller)) controller.abort(reason);
      },
      end: () => this.end(controller),
    };
  }

  /**
   * Waits up to `msMax` for the open calls to end, then aborts those that are left and waits up to `abortMsMax` more
   * for them to tell their callers. Calls that come after that are refused. Resolves with how many never ended.
   */
  async drain(msMax: number, abortMsMax: number): Promise<number> {
    await this.none(msMax);
    this.stopped = true;
    for (const controller of this.open) controller.abort(stopping());
    await this.none(abortMsMax);
    return this.waited.size;
  }

  private end(controller: AbortController): void {
    this.open.delete(controller);
    this.waited.delete(controller);
    if (this.waited.size === 0) this.onNone?.();
  }

  private async none(msMax: number): Promise<void> {
    if (this.waited.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, msMax);
    this.onNone = resolve;
    await promise;
    clearTimeout(timer);
    this.onNone = undefined;
  }
}

function stopping(): LogPulseError {
  return new LogPulseError("overloaded", "the process is stopping; send the same again", { retryAfterMs: 1_000 });
}
