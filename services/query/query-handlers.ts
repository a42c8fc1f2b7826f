import { create } from "@bufbuild/protobuf";
import {
  AccessRowSchema,
  type ListLogsRequest,
  LogEntrySchema,
  QueryService,
  type SearchLogEntriesRequest,
  type StoredLog,
} from "../../gen/logpulse/v1/query_service_pb.ts";
import { ENTRIES_FOUND_MAX } from "../domain/limits.ts";
import { withinAnswer } from "../domain/within-answer.ts";
import type { AccessLog } from "../ports/access-log.ts";
import type { Cache } from "../ports/cache.ts";
import type { Clock } from "../ports/clock.ts";
import type { LogAggregates } from "../ports/log-aggregates.ts";
import type { LogLookup } from "../ports/log-lookup.ts";
import type { LogSearch } from "../ports/log-search.ts";
import { type CallContext, defineService, serverStream, unary } from "../ports/service-handlers.ts";
import { accessRow } from "./access-row.ts";
import { cachedLookup, storedLog } from "./cached-lookup.ts";
import { Exports } from "./exports.ts";
import { facets } from "./facets.ts";
import { histogram } from "./histogram.ts";
import { listFields } from "./list-fields.ts";
import { parsedQuery } from "./parse-query.ts";
import { readEntrySearch, readList } from "./read-questions.ts";
import { recordContext } from "./record-context.ts";
import { searchLogs } from "./search-records.ts";
import type { Tails } from "./tail/tails.ts";
import { wholeSearch } from "./whole-search.ts";

/** What the query role is made of. */
export interface QueryParts {
  lookup: LogLookup;
  search: LogSearch;
  aggregates: LogAggregates;
  accessLog: AccessLog;
  tails: Tails;
  cache: Cache;
  clock: Clock;
  /** How long a record found by its id is remembered. */
  lookupTtlMs: number;
}

/** The handlers of QueryService. */
export function queryService(parts: QueryParts) {
  const exports = new Exports(parts);
  return defineService(QueryService, {
    getLog: unary(async ({ id }, context) => ({ log: await logOf(parts, id, context) })),
    searchLogs: unary((request, context) => searchLogs(parts.search, request, context)),
    getContext: unary(async (request, context) =>
      recordContext(parts, await logOf(parts, request.id, context), request, context),
    ),
    exportLogs: serverStream((request, send, context) => exports.asRecords(request, send, context)),
    exportLogsCsv: serverStream((request, send, context) => exports.asCsv(request, send, context)),
    tailLogs: serverStream((request, send, context) => parts.tails.tail(request, send, context)),
    getHistogram: unary((request, context) => histogram(parts.aggregates, request, context)),
    getFacets: unary((request, context) => facets(parts.aggregates, request, context)),
    listFields: unary((request, context) => listFields(parts.search, request, context)),
    parseQuery: unary(async (request) => parsedQuery(request)),
    getLogEntry: unary(async ({ id }, context) => entryFields(await logOf(parts, id, context))),
    searchLogEntries: unary((request, context) => searchLogEntries(parts, request, context)),
    listLogs: unary((request, context) => listLogs(parts, request, context)),
    ping: unary(async () => ({ message: "pong" })),
  });
}

function logOf({ lookup, cache, lookupTtlMs }: QueryParts, id: string, context: CallContext): Promise<StoredLog> {
  return cachedLookup(lookup, cache, lookupTtlMs, id, context);
}

async function searchLogEntries(parts: QueryParts, request: SearchLogEntriesRequest, context: CallContext) {
  const query = readEntrySearch(context.tenant, request);
  const page = { size: ENTRIES_FOUND_MAX, order: "newest_first", after: undefined } as const;
  const { records } = await wholeSearch(parts.search, query, page, context.signal);
  const entries = records.map((record) => create(LogEntrySchema, entryFields(storedLog(record))));
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
