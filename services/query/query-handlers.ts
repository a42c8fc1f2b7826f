import { create } from "@bufbuild/protobuf";
import {
  AccessRowSchema,
  type GetLogEntryRequest,
  type GetLogRequest,
  type ListLogsRequest,
  LogEntrySchema,
  QueryService,
  type SearchLogEntriesRequest,
  type SearchLogsRequest,
  type StoredLog,
  StoredLogSchema,
} from "../../gen/logpulse/v1/query_service_pb.ts";
import { ENTRIES_FOUND_MAX, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX } from "../domain/limits.ts";
import { readPageSize, readPageToken } from "../domain/request-fields.ts";
import { sortKeyOf } from "../domain/stored-record.ts";
import { withinAnswer } from "../domain/within-answer.ts";
import type { AccessLog } from "../ports/access-log.ts";
import type { Cache } from "../ports/cache.ts";
import type { LogLookup } from "../ports/log-lookup.ts";
import type { LogSearch } from "../ports/log-search.ts";
import { type CallContext, defineService, unary } from "../ports/service-handlers.ts";
import { accessRow } from "./access-row.ts";
import { cachedLookup, storedLog } from "./cached-lookup.ts";
import { pageToken, parsePageToken } from "./page-token.ts";
import { readEntrySearch, readList, readSearch } from "./read-conditions.ts";

/** What the query role is made of. */
export interface QueryParts {
  lookup: LogLookup;
  search: LogSearch;
  accessLog: AccessLog;
  cache: Cache;
  /** How long a record found by its id is remembered. */
  lookupTtlMs: number;
}

/** The handlers of QueryService. */
export function queryService(parts: QueryParts) {
  return defineService(QueryService, {
    getLog: unary((request, context) => getLog(parts, request, context)),
    searchLogs: unary((request, context) => searchLogs(parts, request, context)),
    getLogEntry: unary((request, context) => getLogEntry(parts, request, context)),
    searchLogEntries: unary((request, context) => searchLogEntries(parts, request, context)),
    listLogs: unary((request, context) => listLogs(parts, request, context)),
    ping: unary(async () => ({ message: "pong" })),
  });
}

async function getLog(parts: QueryParts, request: GetLogRequest, context: CallContext) {
  return { log: await cachedLookup(parts.lookup, parts.cache, parts.lookupTtlMs, request.id, context) };
}

async function getLogEntry(parts: QueryParts, request: GetLogEntryRequest, context: CallContext) {
  return entryFields(await cachedLookup(parts.lookup, parts.cache, parts.lookupTtlMs, request.id, context));
}

/** Asks for one record more than the page holds: whether there is a next page is then known, not guessed. */
async function searchLogs(parts: QueryParts, request: SearchLogsRequest, context: CallContext) {
  const query = readSearch(context.tenant, request);
  const size = readPageSize(request.pageSize, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX);
  const token = readPageToken(request.pageToken);
  const after = token === undefined ? undefined : parsePageToken(query, token);
  const found = await parts.search.search(query, size + 1, after, context.signal);
  const logs = withinAnswer(found.slice(0, size).map(storedLog), StoredLogSchema);
  const last = found[logs.length - 1];
  return { logs, nextPageToken: last && found.length > logs.length ? pageToken(query, sortKeyOf(last)) : "" };
}

async function searchLogEntries(parts: QueryParts, request: SearchLogEntriesRequest, context: CallContext) {
  const query = readEntrySearch(context.tenant, request);
  const found = await parts.search.search(query, ENTRIES_FOUND_MAX, undefined, context.signal);
  const entries = found.map((record) => create(LogEntrySchema, entryFields(storedLog(record))));
  const data = withinAnswer(entries, LogEntrySchema);
  return { count: data.length, data };
}

async function listLogs(parts: QueryParts, request: ListLogsRequest, context: CallContext) {
  const { query, limit, offset } = readList(context.tenant, request);
  const page = await parts.accessLog.list(query, limit, offset, context.signal);
  const rows = page.rows.map((row) => accessRow(context.tenant, row));
  return { data: withinAnswer(rows, AccessRowSchema), meta: { total: page.total, limit, offset } };
}

function entryFields(log: StoredLog) {
  const record = log.record!;
  return {
    id: log.id,
    serviceName: record.service,
    level: record.severityText,
    message: record.message,
    timestamp: record.time,
  };
}
