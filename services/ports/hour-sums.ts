/**
 * Sums a store's rollups of minutes up to rollups of hours, from which statistics of long times are answered.
 *
 * An hour's sums are made of all that its minutes have, and hold until something is added to one of them. So nothing
 * changes in what LogStats answers: only how many rows it reads for it.
 */
export interface HourSums {
  /** The store's name, as in LogSink. */
  readonly name: string;

  /**
   * Sums up hours that are not yet, the one first to which nothing was added for the longest: at most HOURS_PER_CALL_MAX,
   * and none to which something was added within HOUR_QUIET_MS_MIN. An hour with more rows, series or services than the
   * limits HOUR_SUM_… allow is not summed up, nor looked at again until something is added to it. One to which something is
   * added meanwhile is not summed up either. Resolves with how many it has looked at: 0 where nothing is left to do.
   *
   * Safe to call from several processes at once, and while records are stored, which it does not hold up.
   *
   * @throws LogPulseError `store_unavailable`: call again.
   */
  sumUp(signal: AbortSignal): Promise<number>;
}
