/** Which access records; every condition that is given must hold. */
export interface AccessQuery {
  tenant: string;
  clientIp: string | undefined;
  status: number | undefined;
  /** In any case. */
  method: string | undefined;
  /** A piece of the path, letter for letter: no character in it has a special meaning. */
  pathPart: string | undefined;
  /** Time at or after, in nanoseconds since 1970. */
  fromNanos: bigint | undefined;
  /** Time at or before. */
  toNanos: bigint | undefined;
}

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
   * Rows `offset` to `offset + limit - 1`, and how many there are in all.
   *
   * @throws LogPulseError `store_unavailable`: no answer within STORE_QUERY_MS_MAX.
   */
  list(query: AccessQuery, limit: number, offset: number, signal: AbortSignal): Promise<AccessPage>;
}
