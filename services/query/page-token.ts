import { SEQ_MAX } from "../domain/limits.ts";
import { openPageToken, sealPageToken } from "../domain/page-token.ts";
import type { SortKey } from "../domain/stored-record.ts";
import type { LogQuery } from "../ports/log-search.ts";

const PLACE = /^([0-9]{1,19})\.([0-9a-f]{32})\.([0-9]{1,16})$/;

/** Where the next page begins: the last record of this one, bound to the query. URL-safe and opaque to callers. */
export function pageToken(query: LogQuery, last: SortKey): string {
  return sealPageToken(query, `${last.timeNanos}.${last.producer}.${last.seq}`);
}

/**
 * Reads a token that `pageToken` made for the same query.
 *
 * @throws LogPulseError `invalid_request` for any other text, and for a token of another query.
 */
export function parsePageToken(query: LogQuery, token: string): SortKey {
  return openPageToken(query, token, (place) => {
    const parts = PLACE.exec(place);
    const seq = Number(parts?.[3]);
    if (!parts || seq > SEQ_MAX || BigInt(parts[1]!) >= 2n ** 63n) return undefined;
    return { timeNanos: BigInt(parts[1]!), producer: parts[2]!, seq };
  });
}
