import { LogPulseError } from "../../domain/errors.ts";
import type { Source } from "./document.ts";
import { ShardFailures } from "./errors.ts";

/** What a search found. */
export interface SearchAnswer {
  /** The time was up before everything was looked at. */
  timedOut: boolean;
  hits: Hit[];
  /** By name; none of them where no index is there yet. */
  aggregations: Record<string, unknown>;
}

interface Hit {
  _source: Source;
  sort: unknown[];
}

/**
 * Reads the answer to a search.
 *
 * @throws LogPulseError `store_unavailable` where it is none, and where a part of the indices could not be searched for
 *   another reason than time; see `isTooCostly`.
 */
export function readSearchAnswer(answer: unknown): SearchAnswer {
  if (!isSearchAnswer(answer)) {
    throw new LogPulseError("store_unavailable", "Elasticsearch was asked to search and answered something else");
  }
  const { timed_out, _shards, hits, aggregations } = answer;
  // A shard of which no copy is there is not always among the failed ones.
  const missing = _shards.total - _shards.successful;
  if (missing > 0) {
    const said = `Elasticsearch could not search ${missing} of ${_shards.total} shards`;
    throw new LogPulseError("store_unavailable", said, { cause: new ShardFailures(_shards.failures) });
  }
  return { timedOut: timed_out, hits: hits.hits, aggregations: aggregations ?? {} };
}

interface RawAnswer {
  timed_out: boolean;
  _shards: { total: number; successful: number; failures?: unknown };
  hits: { hits: Hit[] };
  aggregations?: Record<string, unknown>;
}

function isSearchAnswer(answer: unknown): answer is RawAnswer {
  const { timed_out, _shards, hits } = (answer ?? {}) as Partial<RawAnswer>;
  return (
    typeof timed_out === "boolean" &&
    typeof _shards?.total === "number" &&
    typeof _shards.successful === "number" &&
    Array.isArray(hits?.hits)
  );
}
