import { SEQ_MAX } from "../domain/limits.ts";
import { openPageToken, sealPageToken } from "../domain/page-token.ts";
import type { SortKey } from "../domain/stored-record.ts";
import type { RecordOrder } from "../ports/log-search.ts";
import type { RecordQuery } from "../ports/record-query.ts";

const PLACE = /^([0-9]{1,20})\|([0-9]{1,19})\.([0-9a-f]{32})\.([0-9]{1,16})$/;

/** Where an export goes on: behind a record, and up to the end that it had from its beginning. */
export interface ExportPlace {
  endNanos: bigint;
  key: SortKey;
}

/** A token of that place, bound to what was asked for. */
export function resumeToken(query: RecordQuery, order: RecordOrder, { endNanos, key }: ExportPlace): string {
  return sealPageToken({ ...query, order }, `${endNanos}|${key.timeNanos}.${key.producer}.${key.seq}`);
}

/**
 * Reads a token that `resumeToken` made for the same question.
 *
 * @throws LogPulseError `invalid_request` for any other text, and for a token of another question.
 */
export function readResumeToken(query: RecordQuery, order: RecordOrder, token: string): ExportPlace {
  const read = (place: string) => {
    const parts = PLACE.exec(place);
    const seq = Number(parts?.[4]);
    if (!parts || seq > SEQ_MAX) return undefined;
    return { endNanos: BigInt(parts[1]!), key: { timeNanos: BigInt(parts[2]!), producer: parts[3]!, seq } };
  };
  return openPageToken({ ...query, order }, token, read, "resume_token");
}
