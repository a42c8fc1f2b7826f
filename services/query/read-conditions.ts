import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { ListLogsRequest, SearchLogsRequest } from "../../gen/logpulse/v1/query_service_pb.ts";
import { LogPulseError } from "../domain/errors.ts";
import {
  HTTP_STATUS_MAX,
  LIST_OFFSET_MAX,
  PAGE_SIZE_DEFAULT,
  PAGE_SIZE_MAX,
  PAGE_TOKEN_CHARACTERS_MAX,
  QUERY_TEXT_BYTES_MAX,
  QUERY_WORDS_MAX,
  RECORD_TIME_NANOS_MAX,
  RECORD_TIME_SECONDS_MAX,
} from "../domain/limits.ts";
import { requireRfc3339, timestampToNanos } from "../domain/record-time.ts";
import { severityRangeOfWord } from "../domain/severity.ts";
import { wordsOf } from "../domain/words.ts";
import type { AccessQuery } from "../ports/access-log.ts";
import type { LogQuery } from "../ports/log-search.ts";

/** Reads the conditions of a search. @throws LogPulseError `invalid_request` naming field, value and limit. */
export function readSearch(tenant: string, request: SearchLogsRequest): LogQuery {
  const startNanos = boundedTime("start_time", request.startTime);
  const endNanos = boundedTime("end_time", request.endTime);
  if (startNanos !== undefined && endNanos !== undefined && startNanos > endNanos) {
    throw invalid("end_time", "lies before start_time");
  }
  return {
    tenant,
    words: boundedWords("words", request.words),
    phrase: boundedWords("phrase", request.phrase),
    anywhere: [],
    level: readLevel(request.level),
    service: boundedText("service", request.service) || undefined,
    startNanos,
    endNanos,
  };
}

/** Reads the conditions of the plain log API's search. */
export function readEntrySearch(tenant: string, request: { q: string; level: string }): LogQuery {
  return {
    tenant,
    words: [],
    phrase: [],
    anywhere: boundedWords("q", request.q),
    level: readLevel(request.level),
    service: undefined,
    startNanos: undefined,
    endNanos: undefined,
  };
}

/** Records on a page: AIP-158, 0 means the default and too many are cut to the most. */
export function readPageSize(pageSize: number): number {
  if (pageSize < 0) throw invalid("page_size", `is ${pageSize}; it must not be negative`);
  return Math.min(pageSize || PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX);
}

/** A token of bounded length, or undefined for the first page. */
export function readPageToken(token: string): string | undefined {
  if (token.length > PAGE_TOKEN_CHARACTERS_MAX) {
    throw invalid("page_token", `is ${token.length} characters long; the limit is ${PAGE_TOKEN_CHARACTERS_MAX}`);
  }
  return token || undefined;
}

/** Reads the conditions of a list of access records, with its page. */
export function readList(
  tenant: string,
  request: ListLogsRequest,
): { query: AccessQuery; limit: number; offset: number } {
  const limit = readNumber("limit", request.limit, PAGE_SIZE_DEFAULT, 1, PAGE_SIZE_MAX);
  const offset = readNumber("offset", request.offset, 0, 0, LIST_OFFSET_MAX);
  const status = readNumber("status", request.status, undefined, 0, HTTP_STATUS_MAX);
  const query = {
    tenant,
    clientIp: boundedText("ip", request.ip) || undefined,
    status,
    method: boundedText("method", request.method) || undefined,
    pathPart: boundedText("path", request.path) || undefined,
    fromNanos: request.from === "" ? undefined : requireRfc3339("from", request.from),
    toNanos: request.to === "" ? undefined : requireRfc3339("to", request.to),
  };
  return { query, limit, offset };
}

/** A whole number as a URL has it; empty means `usual`. */
function readNumber<Usual>(field: string, text: string, usual: Usual, min: number, max: number): number | Usual {
  if (text === "") return usual;
  const value = /^-?\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw invalid(field, `is "${text.slice(0, 60)}"; it must be a number from ${min} to ${max}`);
}

function readLevel(text: string): LogQuery["level"] {
  return boundedText("level", text) === "" ? undefined : { text, range: severityRangeOfWord(text) };
}

function boundedText(field: string, text: string): string {
  const bytes = Buffer.byteLength(text);
  if (bytes > QUERY_TEXT_BYTES_MAX) {
    throw invalid(field, `is ${bytes} bytes long; the limit is ${QUERY_TEXT_BYTES_MAX}`);
  }
  return text;
}

function boundedWords(field: string, text: string): string[] {
  const words = wordsOf(boundedText(field, text));
  if (words.length > QUERY_WORDS_MAX) {
    throw invalid(field, `has ${words.length} words; the limit is ${QUERY_WORDS_MAX}`);
  }
  // A text of marks alone ("!!!") holds no word: it must not find everything.
  if (words.length === 0 && text.trim() !== "") {
    throw invalid(field, "has no word in it: words are made of letters, digits and _");
  }
  return words;
}

function boundedTime(field: string, time: Timestamp | undefined): bigint | undefined {
  if (!time) return undefined;
  if (time.seconds < 0n || time.seconds > BigInt(RECORD_TIME_SECONDS_MAX)) {
    throw invalid(field, `has ${time.seconds} seconds; it must be from 1970 to 2262-04-11`);
  }
  const nanos = timestampToNanos(time);
  return nanos < RECORD_TIME_NANOS_MAX ? nanos : RECORD_TIME_NANOS_MAX;
}

function invalid(field: string, reason: string): LogPulseError {
  return new LogPulseError("invalid_request", `${field} ${reason}`, { metadata: { field } });
}
