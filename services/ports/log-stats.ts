/** Latencies of access records that have one. */
export interface LatencyStats {
  count: number;
  /** 0 where count is 0. */
  averageMs: number;
  maxMs: number;
}

/** Traffic of access records. */
export interface TrafficStats {
  requests: number;
  /** HyperLogLog estimate of distinct client addresses, standard error 0.81 %, rounded. */
  uniqueIps: number;
}

/**
 * Statistics over records that have `http`, dropped ones included; each record counted once, however often it was sent.
 *
 * `fromMinute`, `toMinute`: minutes since 1970 of the records' own time, both included.
 */
export interface LogStats {
  /** Count by status, for every status that occurred. @throws LogPulseError `store_unavailable`. */
  statuses(tenant: string, fromMinute: number, toMinute: number, signal: AbortSignal): Promise<Map<number, number>>;
  /** @throws LogPulseError `store_unavailable`. */
  latency(tenant: string, fromMinute: number, toMinute: number, signal: AbortSignal): Promise<LatencyStats>;
  /** @throws LogPulseError `store_unavailable`. */
  traffic(tenant: string, fromMinute: number, toMinute: number, signal: AbortSignal): Promise<TrafficStats>;

  /** Resolves if the store answers now; rejects with `store_unavailable`, within two seconds. For readiness. */
  check(): Promise<void>;
}
