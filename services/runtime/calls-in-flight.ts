import { LogPulseError } from "../domain/errors.ts";

/** One call that a handler works on. */
export interface OpenCall {
  /** Aborted with a LogPulseError when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Aborts the signal; only the first reason counts, and none after the end. */
  abort(reason: LogPulseError): void;
  /** The handler has settled and its answer is sent. */
  end(): void;
}

/**
 * Counts the calls that handlers work on, over all protocols, bounds them, and lets them run out before a stop.
 * grpc-js's own shutdown does not see connections that were handed to it, so we count.
 */
export class CallsInFlight {
  private readonly callsMax: number;
  private readonly open = new Set<CountedCall>();
  private readonly draining = new AbortController();
  private waitedForCount = 0;
  private stopped = false;
  private refusals = 0;
  private onNone: (() => void) | undefined;

  constructor(callsMax: number) {
    this.callsMax = callsMax;
  }

  /** How many calls a stop would wait for. */
  get count(): number {
    return this.waitedForCount;
  }

  /** Calls that were refused since the start, before any handler saw them. */
  get refused(): number {
    return this.refusals;
  }

  /** Aborted when a drain begins, with the error for calls that end for it. */
  get stopping(): AbortSignal {
    return this.draining.signal;
  }

  /**
   * Opens a call. `waitedFor` is false for those that a stopping process need not wait for, as a reflection client that
   * keeps its stream open. `onAbort` runs once, when the call is aborted by anybody.
   *
   * @throws LogPulseError `overloaded`: too many calls are open, or the process has stopped.
   */
  begin(waitedFor: boolean, onAbort?: (reason: LogPulseError) => void): OpenCall {
    const isFull = this.open.size >= this.callsMax;
    if (this.stopped || isFull) this.refusals += 1;
    if (this.stopped) throw stopped();
    if (isFull) {
      const message = `${this.open.size} calls are in flight, which is all this process takes`;
      throw new LogPulseError("overloaded", message, { retryAfterMs: 1_000 });
    }
    const call = new CountedCall(onAbort, () => {
      if (!this.open.delete(call) || !waitedFor) return;
      this.waitedForCount -= 1;
      if (this.waitedForCount === 0) this.onNone?.();
    });
    this.open.add(call);
    if (waitedFor) this.waitedForCount += 1;
    return call;
  }

  /**
   * Raises `stopping`, waits up to `msMax` for the open calls to end, then aborts those that are left and waits up to
   * `abortMsMax` more for them to tell their callers. Calls that come after that are refused. Resolves with how many
   * never ended.
   */
  async drain(msMax: number, abortMsMax: number): Promise<number> {
    this.draining.abort(endsForStop());
    await this.none(msMax);
    this.stopped = true;
    for (const call of this.open) call.abort(stopped());
    await this.none(abortMsMax);
    return this.waitedForCount;
  }

  private async none(msMax: number): Promise<void> {
    if (this.waitedForCount === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, msMax);
    this.onNone = resolve;
    await promise;
    clearTimeout(timer);
    this.onNone = undefined;
  }
}

class CountedCall implements OpenCall {
  private readonly controller = new AbortController();
  private readonly onAbort: ((reason: LogPulseError) => void) | undefined;
  private readonly onEnd: () => void;
  private ended = false;

  constructor(onAbort: ((reason: LogPulseError) => void) | undefined, onEnd: () => void) {
    this.onAbort = onAbort;
    this.onEnd = onEnd;
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  abort(reason: LogPulseError): void {
    if (this.ended || this.signal.aborted) return;
    this.controller.abort(reason);
    this.onAbort?.(reason);
  }

  end(): void {
    this.ended = true;
    this.onEnd();
  }
}

/** For calls that end in order as soon as they hear of it. */
function endsForStop(): LogPulseError {
  return new LogPulseError("overloaded", `${IS_STOPPING}; go on with what was not acknowledged on a new stream`);
}

function stopped(): LogPulseError {
  return new LogPulseError("overloaded", `${IS_STOPPING}; send the same again`, { retryAfterMs: 1_000 });
}

const IS_STOPPING = "the process is stopping";
