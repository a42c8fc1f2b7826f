import { create } from "@bufbuild/protobuf";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import { PAGE_SIZE_MAX, STORE_QUERY_MS_MAX } from "../../services/domain/limits.ts";
import type { ServerConnection } from "../connection.ts";
import type { FoundRecords, TakeRecord } from "./found-records.ts";
import type { AskedRecords } from "./read-question.ts";

const TIMEOUT_SHARE = 0.8; // Of a call's time; the rest is for the way.

/** Takes at most `limit` records, a page at a time. @throws ConnectError; what `take` throws. */
export async function searchPages(
  connection: ServerConnection,
  asked: AskedRecords,
  limit: number,
  take: TakeRecord,
  signal: AbortSignal,
): Promise<FoundRecords> {
  const timeout = durationOf(Math.min(STORE_QUERY_MS_MAX, connection.timeoutMs * TIMEOUT_SHARE));
  let records = 0;
  let pageToken = "";
  do {
    const pageSize = Math.min(PAGE_SIZE_MAX, limit - records);
    const page = await connection.query.searchLogs({ ...asked, timeout, pageSize, pageToken }, { signal });
    for (const log of page.logs) await take(log);
    records += page.logs.length;
    pageToken = page.nextPageToken;
    if (page.partial) return { records, isMore: false, missing: "the search ran out of time" };
  } while (pageToken !== "" && records < limit);
  return { records, isMore: pageToken !== "", missing: undefined };
}

function durationOf(ms: number) {
  const whole = Math.max(10, Math.floor(ms)); // The least that a search may be given.
  return create(DurationSchema, { seconds: BigInt(Math.floor(whole / 1_000)), nanos: (whole % 1_000) * 1_000_000 });
}
