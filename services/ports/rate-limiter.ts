/** A token bucket for each key. */
export interface RateLimiterSettings {
  /** Tokens a full bucket holds: the burst. */
  capacity: number;
  /** Tokens that come back each second, up to the capacity. */
  refillPerSecond: number;
}

/** The answer to one `take`. */
export interface Take {
  allowed: boolean;
  /** Milliseconds until the bucket holds one token again; 0 where allowed. */
  retryAfterMs: number;
  /**
   * Whole tokens in the bucket now, 0 while it is in debt: what the caller may take without getting into debt. A hint,
   * for others use the bucket too, and what they took in the last second may be in it. Undefined where nothing limits.
   */
  tokensLeft: number | undefined;
}

/**
 * Limits what each caller may send.
 *
 * A bucket that holds at least one token admits any cost and may go into debt by it: a batch larger than the capacity
 * must be able to pass. The debt is paid by waiting, so the rate over time is the refill rate.
 */
export interface RateLimiter {
  /**
   * Takes `cost` tokens (1 or more) from the bucket of `key`, or says how long to wait.
   *
   * Never rejects: where the shared bucket cannot be reached within LIMITER_REDIS_MS_MAX, a local one decides with this
   * process's share of the limit (limit / replicas).
   */
  take(key: string, cost: number): Promise<Take>;

  /** Frees connections and timers. */
  close(): Promise<void>;
}
