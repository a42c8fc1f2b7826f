import { SEQ_MAX } from "../domain/limits.ts";
import { openPageToken, sealPageToken } from "../domain/page-token.ts";
import type { SortKey } from "../domain/stored-record.ts";

const PLACE = /^([<>])([0-9]{1,19})\.([0-9a-f]{32})\.([0-9]{1,16})$/;

/** Where a page lies: behind a record in the order of the list, or before it. */
export interface PagePlace {
  direction: "behind" | "before";
  key: SortKey;
}

/** A page's place, bound to the question. URL-safe and opaque to callers. */
export function pageToken(question: object, { direction, key }: PagePlace): string {
  const mark = direction === "behind" ? ">" : "<";
  return sealPageToken(question, `${mark}${key.timeNanos}.${key.producer}.${key.seq}`);
}

/**
 * Reads a token that `pageToken` made for the same question.
 *
 * @throws LogPulseError `invalid_request` for any other text, and for a token of another question.
 */
export function parsePageToken(question: object, token: string): PagePlace {
  return openPageToken(question, token, (place) => {
    const parts = PLACE.exec(place);
    const seq = Number(parts?.[4]);
    if (!parts || seq > SEQ_MAX || BigInt(parts[2]!) >= 2n ** 63n) return undefined;
    const key = { timeNanos: BigInt(parts[2]!), producer: parts[3]!, seq };
    return { direction: parts[1] === ">" ? "behind" : "before", key };
  });
}
