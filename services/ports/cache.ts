/** Remembers bytes for a while. Losing all of them loses no data; it never makes a call fail. */
export interface Cache {
  /** The value, or undefined: never set, expired, or the cache cannot be reached in a few milliseconds. */
  get(key: string): Promise<Uint8Array | undefined>;

  /** Remembers for `ttlMs`; resolves also where the cache cannot be reached. */
  set(key: string, value: Uint8Array, ttlMs: number): Promise<void>;

  /** Frees connections. */
  close(): Promise<void>;
}
