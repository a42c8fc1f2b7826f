import type { Clock } from "../../ports/clock.ts";

/** The store's name, in dead letters, counts and logs. */
export const STORE_NAME = "elasticsearch";

/** What an Elasticsearch adapter needs to know. */
export interface ElasticsearchSettings {
  /** http://host:port or https://user:password@host:port. */
  url: string;
  /** The indices are called `<prefix>-YYYYMMDD`; see INDEX_PREFIX. */
  indexPrefix: string;
  /** Copies of each shard beside the first; 0 on a single node, or the indices stay yellow. */
  replicas: number;
  clock: Clock;
  /** From 0 up to, not including, 1. Spreads retries. */
  random: () => number;
}

/** What Elasticsearch allows in an index name, less what would let two prefixes reach each other's indices. */
export const INDEX_PREFIX = /^[a-z][a-z0-9_-]{0,63}$/;
