/** The first producer days that a store keeps, as days since 1970. */
export interface FirstDays {
  /** Of records, their words and the settled seqs. */
  records: number;
  /** Of rollups; never after `records`. Stores without rollups do not look at it. */
  rollups: number;
}

/** Lets go of producer days that are no longer kept. */
export interface Retention {
  /** The store's name, as in LogSink. */
  readonly name: string;

  /**
   * Makes `first` the store's first days, and drops everything before them. The store's first day only moves forward:
   * one that is later already stays, so a setting that grows brings nothing back. Resolves with the first day of
   * records that now holds and the days that were dropped.
   *
   * Safe to call from several processes at once, and while records are stored: the first day is set before anything is
   * dropped, and what is stored from then on under an earlier day is counted as expired. A store that asks for its first
   * day only now and then (Elasticsearch) may still take a record for FIRST_DAY_AGE_MS_MAX; the next call drops it.
   *
   * @throws LogPulseError `store_unavailable`: nothing was dropped; call again.
   */
  keepFrom(first: FirstDays, signal: AbortSignal): Promise<KeptDays>;
}

/** What `keepFrom` found. */
export interface KeptDays {
  firstDay: number;
  /** Dropped by this call, ascending; a day counts once whatever was dropped of it. */
  dropped: number[];
  /** What kept it from dropping the rest: call again. */
  unfinished?: unknown;
}
