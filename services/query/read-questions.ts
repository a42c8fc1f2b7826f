import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import type { Filter } from "../../gen/logpulse/v1/filter_pb.ts";
import {
  type ListLogsRequest,
  Order,
  type SearchLogEntriesRequest,
  type SearchLogsRequest,
} from "../../gen/logpulse/v1/query_service_pb.ts";
import { allConditions, type Condition, EVERY_RECORD, type TextField } from "../domain/condition.ts";
import {
  HTTP_STATUS_MAX,
  LIST_OFFSET_MAX,
  PAGE_SIZE_DEFAULT,
  PAGE_SIZE_MAX,
  SEARCH_MS_MIN,
  STORE_QUERY_MS_MAX,
} from "../domain/limits.ts";
import { durationToNanos, nanosToMs, requireRfc3339 } from "../domain/record-time.ts";
import { boundedText, boundedTime, invalidField } from "../domain/request-fields.ts";
import type { RecordOrder } from "../ports/log-search.ts";
import type { RecordQuery } from "../ports/record-query.ts";
import { readCondition, readLevel, readPhrase, readWords } from "./read-conditions.ts";

/** What the questions for records have in common. */
export interface AskedRecords {
  query: string;
  filter?: Filter;
  startTime?: Timestamp;
  endTime?: Timestamp;
}

/** Which records are asked for. @throws LogPulseError `invalid_request` naming field, value and limit. */
export function readRecordQuery(tenant: string, asked: AskedRecords): RecordQuery {
  const startNanos = boundedTime("start_time", asked.startTime);
  const endNanos = boundedTime("end_time", asked.endTime);
  if (startNanos !== undefined && endNanos !== undefined && startNanos > endNanos) {
    throw invalidField("end_time", "lies before start_time");
  }
  return { tenant, condition: readCondition(asked.query, asked.filter), startNanos, endNanos };
}

/** The same of a search, which also has fields for what is asked most. */
export function readSearch(tenant: string, request: SearchLogsRequest): RecordQuery {
  const query = readRecordQuery(tenant, request);
  const condition = allConditions([
    query.condition,
    readWords("words", request.words, "message"),
    readPhrase("phrase", request.phrase),
    readLevel(request.level),
    text("service", "service", request.service),
  ]);
  return { ...query, condition };
}

/** The conditions of the plain log API's search. */
export function readEntrySearch(tenant: string, { q, level }: SearchLogEntriesRequest): RecordQuery {
  const condition = allConditions([readWords("q", q, "anywhere"), readLevel(level)]);
  return { tenant, condition, startNanos: undefined, endNanos: undefined };
}

/** The conditions of a list of access records, with its page. */
export function readList(
  tenant: string,
  request: ListLogsRequest,
): { query: RecordQuery; limit: number; offset: number } {
  const limit = readNumber("limit", request.limit, PAGE_SIZE_DEFAULT, 1, PAGE_SIZE_MAX);
  const offset = readNumber("offset", request.offset, 0, 0, LIST_OFFSET_MAX);
  const status = readNumber("status", request.status, undefined, 0, HTTP_STATUS_MAX);
  const statusIs = status === undefined ? undefined : BigInt(status);
  const condition = allConditions([
    text("ip", "client_ip", request.ip),
    status === undefined ? EVERY_RECORD : { kind: "number", field: "status", min: statusIs, max: statusIs },
    text("method", "method", request.method),
    text("path", "path", request.path, "contains"),
  ]);
  const startNanos = request.from === "" ? undefined : requireRfc3339("from", request.from);
  // `to` is included there, and the end of a query is not.
  const endNanos = request.to === "" ? undefined : requireRfc3339("to", request.to) + 1n;
  return { query: { tenant, condition, startNanos, endNanos }, limit, offset };
}

/** Which records come first. @throws LogPulseError `invalid_request` for a number that the contract does not have. */
export function readOrder(order: Order): RecordOrder {
  if (order === Order.OLDEST_FIRST) return "oldest_first";
  if (order === Order.NEWEST_FIRST || order === Order.UNSPECIFIED) return "newest_first";
  throw invalidField("order", `is ${order}; it must be ORDER_NEWEST_FIRST or ORDER_OLDEST_FIRST`);
}

/** How long a search may take, in milliseconds. */
export function readTimeout(timeout: Duration | undefined): number {
  if (!timeout) return STORE_QUERY_MS_MAX;
  const ms = nanosToMs(durationToNanos(timeout));
  if (ms >= SEARCH_MS_MIN && ms <= STORE_QUERY_MS_MAX) return ms;
  throw invalidField("timeout", `is ${ms} ms; it must be from ${SEARCH_MS_MIN} to ${STORE_QUERY_MS_MAX} ms`);
}

/** A count that may be left out. @throws LogPulseError `invalid_request` where it is negative or more than `max`. */
export function readCount(field: string, count: number | undefined, usual: number, max: number): number {
  if (count === undefined) return usual;
  if (count >= 0 && count <= max) return count;
  throw invalidField(field, `is ${count}; it must be from 0 to ${max}`);
}

function text(field: string, of: TextField, value: string, test: "equals" | "contains" = "equals"): Condition {
  return boundedText(field, value) === "" ? EVERY_RECORD : { kind: "text", field: of, test, value };
}

/** A whole number as a URL has it; empty means `usual`. */
function readNumber<Usual>(field: string, text: string, usual: Usual, min: number, max: number): number | Usual {
  if (text === "") return usual;
  const value = /^-?\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw invalidField(field, `is "${text.slice(0, 60)}"; it must be a number from ${min} to ${max}`);
}
