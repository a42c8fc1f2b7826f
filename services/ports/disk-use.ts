/** How much of the disk a store takes, and which days it could let go of to take less. */
export interface DiskUse {
  /**
   * Bytes that are in use now. Those that were freed within the store's files count no more, though the files keep their
   * size: the store uses them again before its files grow.
   *
   * @throws LogPulseError `store_unavailable`.
   */
  usedBytes(): Promise<number>;

  /** Producer days that have records, ascending; not what they take. @throws LogPulseError `store_unavailable`. */
  recordDays(): Promise<number[]>;
}
