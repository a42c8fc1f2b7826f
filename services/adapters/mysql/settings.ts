import type { Clock } from "../../ports/clock.ts";

/** The store's name, in dead letters, counts and logs. */
export const STORE_NAME = "mysql";

/** What the MySQL adapters need to know. */
export interface MysqlSettings {
  /** mysql://user:password@host:port/database. The database must exist; its tables are made by `prepare`. */
  url: string;
  /** Connections at a time, of one pool. */
  connectionsMax: number;
  clock: Clock;
  /** From 0 up to, not including, 1. Spreads retries. */
  random: () => number;
}
