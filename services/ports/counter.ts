/** Counts for display, shared by all replicas. */
export interface Counter {
  /** Adds `amount` and gives the new sum; 0 where the counter cannot be reached in a few milliseconds. Never rejects. */
  add(key: string, amount: number): Promise<number>;

  /** Frees connections. */
  close(): Promise<void>;
}
