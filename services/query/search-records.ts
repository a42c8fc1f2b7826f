import { type SearchLogsRequest, type StoredLog, StoredLogSchema } from "../../gen/logpulse/v1/query_service_pb.ts";
import { cutMessage } from "../domain/cut-message.ts";
import { PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, RECORD_BYTES_MAX } from "../domain/limits.ts";
import { readPageSize, readPageToken } from "../domain/request-fields.ts";
import { type StoredRecord, sortKeyOf } from "../domain/stored-record.ts";
import { withinAnswer } from "../domain/within-answer.ts";
import type { LogSearch, RecordOrder } from "../ports/log-search.ts";
import type { CallContext } from "../ports/service-handlers.ts";
import { storedLog } from "./cached-lookup.ts";
import { type PagePlace, pageToken, parsePageToken } from "./page-token.ts";
import { readCount, readOrder, readSearch, readTimeout } from "./read-questions.ts";

/**
 * A page of a search. A page before another is found in the opposite order and turned round.
 *
 * It asks for one record more than the page holds: whether there is a next page is then known, not guessed.
 */
export async function searchLogs(search: LogSearch, request: SearchLogsRequest, context: CallContext) {
  const query = readSearch(context.tenant, request);
  const order = readOrder(request.order);
  const msMax = readTimeout(request.timeout);
  const size = readPageSize(request.pageSize, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX);
  const bytesMax = readMessageBytes(request.messageBytesMax);
  const question = { ...query, order };
  const token = readPageToken(request.pageToken);
  const place = token === undefined ? undefined : parsePageToken(question, token);
  const isBefore = place?.direction === "before";

  const page = { size: size + 1, order: isBefore ? opposite(order) : order, after: place?.key, msMax };
  const { records, isPartial, isCut } = await search.search(query, page, context.signal);
  const logs = withinAnswer(storedLogs(records.slice(0, size), bytesMax), StoredLogSchema);
  const shown = records.slice(0, logs.length);
  const isMore = isCut || records.length > shown.length;
  if (isBefore) {
    logs.reverse();
    shown.reverse();
  }
  if (isPartial) return { logs, partial: true };
  const tokenFor = (direction: PagePlace["direction"], record: StoredRecord | undefined) => {
    // Of an empty page before another, its own place: what comes there later is found by the same token.
    if (!record && isBefore && direction === "before") return pageToken(question, place);
    return record ? pageToken(question, { direction, key: sortKeyOf(record) }) : "";
  };
  return {
    logs,
    nextPageToken: isMore || isBefore ? tokenFor("behind", shown.at(-1)) : "",
    previousPageToken: tokenFor("before", shown[0]),
  };
}

/** Records in the contract's shape, with at most the first `bytesMax` bytes of each message; 0: all of it. */
export function storedLogs(records: readonly StoredRecord[], bytesMax: number): StoredLog[] {
  return records.map((record) => cutMessage(storedLog(record), bytesMax));
}

/** @throws LogPulseError `invalid_request` where it is negative or longer than any message. */
export function readMessageBytes(bytesMax: number): number {
  return readCount("message_bytes_max", bytesMax, 0, RECORD_BYTES_MAX);
}

function opposite(order: RecordOrder): RecordOrder {
  return order === "newest_first" ? "oldest_first" : "newest_first";
}
