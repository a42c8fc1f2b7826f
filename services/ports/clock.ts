/** Where the time comes from, so that tests can move it. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  nowMs(): number;
  /** Milliseconds from some moment on, for durations: they go on evenly also where the machine's clock is set. */
  monotonicMs(): number;
  /** Resolves after that many milliseconds, or rejects with the signal's reason as soon as it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
