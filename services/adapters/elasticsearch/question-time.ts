import { LogPulseError } from "../../domain/errors.ts";
import { STORE_QUERY_LATE_MS_MAX } from "../../domain/limits.ts";
import { toStoreError } from "./errors.ts";

/** The time that a question has, over all requests that it takes. */
export class QuestionTime {
  /** Aborted by the caller, or when an answer is too late to be waited for. */
  readonly deadline: AbortSignal;
  private readonly msMax: number;
  private readonly endMs: number;
  private readonly signal: AbortSignal;

  /** Begins now. `msMax`: how long Elasticsearch may search. `signal`: the caller's. */
  constructor(msMax: number, signal: AbortSignal) {
    this.msMax = msMax;
    this.endMs = performance.now() + msMax;
    this.signal = signal;
    this.deadline = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(msMax) + STORE_QUERY_LATE_MS_MAX)]);
  }

  /** Whole milliseconds that are left; 0 where the time is up. */
  get msLeft(): number {
    return Math.max(0, Math.ceil(this.endMs - performance.now()));
  }

  /** What a failed request means to the one who asked. */
  errorOf(reason: unknown): LogPulseError {
    const cause = toStoreError(reason, this.signal); // Without the request, which the client's own errors hold.
    if (!this.deadline.aborted || this.signal.aborted) return cause;
    const said = `Elasticsearch gave no answer within ${this.msMax + STORE_QUERY_LATE_MS_MAX} ms`;
    return new LogPulseError("store_unavailable", said, { cause });
  }
}
