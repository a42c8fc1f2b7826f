import type { ListLogsRequest, SearchLogsRequest } from "../../gen/logpulse/v1/query_service_pb.ts";
import {
  HTTP_STATUS_MAX,
  LIST_OFFSET_MAX,
  PAGE_SIZE_DEFAULT,
  PAGE_SIZE_MAX,
  QUERY_WORDS_MAX,
} from "../domain/limits.ts";
import { requireRfc3339 } from "../domain/record-time.ts";
import { boundedText, boundedTime, invalidField } from "../domain/request-fields.ts";
import { severityRangeOfWord } from "../domain/severity.ts";
import { wordsOf } from "../domain/words.ts";
import type { AccessQuery } from "../ports/access-log.ts";
import type { LogQuery } from "../ports/log-search.ts";

/** Reads the conditions of a search. @throws LogPulseError `invalid_request` naming field, value and limit. */
export function readSearch(tenant: string, request: SearchLogsRequest): LogQuery {
  const startNanos = boundedTime("start_time", request.startTime);
  const endNanos = boundedTime("end_time", request.endTime);
  if (startNanos !== undefined && endNanos !== undefined && startNanos > endNanos) {
    throw invalidField("end_time", "lies before start_time");
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
  throw invalidField(field, `is "${text.slice(0, 60)}"; it must be a number from ${min} to ${max}`);
}

function readLevel(text: string): LogQuery["level"] {
  return boundedText("level", text) === "" ? undefined : { text, range: severityRangeOfWord(text) };
}

function boundedWords(field: string, text: string): string[] {
  const words = wordsOf(boundedText(field, text));
  if (words.length > QUERY_WORDS_MAX) {
    throw invalidField(field, `has ${words.length} words; the limit is ${QUERY_WORDS_MAX}`);
  }
  // A text of marks alone ("!!!") holds no word: it must not find everything.
  if (words.length === 0 && text.trim() !== "") {
    throw invalidField(field, "has no word in it: words are made of letters, digits and _");
  }
  return words;
}
