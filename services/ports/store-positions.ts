/** How far one store has come in the log. */
export interface StorePositions {
  /**
   * By partition: every message before this offset is settled in the store.
   *
   * @throws LogPulseError `log_unavailable` or `store_unavailable`.
   */
  settled(signal: AbortSignal): Promise<bigint[]>;
}
