import type { RecordQuery } from "./record-query.ts";

/** What a list shows of a record: its identity, its time, and some of its `http`. A thousand of them are a few MB. */
export interface AccessRecord {
  /** The producer id as 32 hexadecimal digits. */
  producer: string;
  seq: number;
  /** Nanoseconds since 1970. */
  timeNanos: bigint;
  clientIp: string;
  /** As it was sent. */
  method: string;
  path: string;
  status: number;
  /** Undefined where the record has none. */
  latencyNanos: bigint | undefined;
}

/** One page and the count of all rows that meet the conditions. */
export interface AccessPage {
  rows: AccessRecord[];
  total: number;
}

/** Lists records that have `http`, newest first by (time, producer, seq). */
export interface AccessLog {
  /**
   * Rows `offset` to `offset + limit - 1` of the records with `http` that meet the query, and how many there are in all.
   *
   * @throws LogPulseError `store_unavailable`: no answer; `query_too_costly`: none within STORE_QUERY_MS_MAX; `bug`: the
   *   store has no column for a condition. Every store has those of service, level, identity, severity, status, latency
   *   and of the texts severity_text, client_ip, method and path.
   */
  list(query: RecordQuery, limit: number, offset: number, signal: AbortSignal): Promise<AccessPage>;
}
