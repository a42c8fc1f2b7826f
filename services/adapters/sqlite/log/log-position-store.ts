/** Where the store keeps how far it has read each partition of a log: beside its records, so that both survive alike. */
export interface LogPositionStore {
  /**
   * The offset that each partition is read at next; 0 for all of them where the store has read no log yet, or one of
   * another id.
   *
   * @throws LogPulseError `store_unavailable`.
   */
  positionsOf(logId: string, partitions: number): bigint[];

  /**
   * Moves one position, and forgets those of any other log.
   *
   * @throws LogPulseError `store_unavailable`: the position stays.
   */
  commit(logId: string, partition: number, nextOffset: bigint): void;
}
