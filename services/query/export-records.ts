import { create } from "@bufbuild/protobuf";
import { type ExportEnd, ExportEndSchema, type StoredLog } from "../../gen/logpulse/v1/query_service_pb.ts";
import { isKind, LogPulseError, reasonText } from "../domain/errors.ts";
import { EXPORT_MS_MAX, EXPORT_PAGE_RECORDS, PAGE_TOKEN_CHARACTERS_MAX, STORE_ATTEMPTS_MAX } from "../domain/limits.ts";
import { msToNanos } from "../domain/record-time.ts";
import { invalidField } from "../domain/request-fields.ts";
import { type SortKey, sortKeyOf } from "../domain/stored-record.ts";
import type { Clock } from "../ports/clock.ts";
import type { FoundRecords, LogSearch, RecordOrder } from "../ports/log-search.ts";
import type { RecordQuery } from "../ports/record-query.ts";
import type { CallContext } from "../ports/service-handlers.ts";
import { storedLog } from "./cached-lookup.ts";
import { readResumeToken, resumeToken } from "./export-place.ts";
import { type AskedRecords, readOrder, readRecordQuery } from "./read-questions.ts";
import { wholeSearch } from "./whole-search.ts";

const RETRY_MS = 500;

/** What an export is made of. */
export interface ExportParts {
  search: LogSearch;
  clock: Clock;
}

/** What is asked for: both forms of an export have these fields. */
export interface AskedExport extends AskedRecords {
  order: Parameters<typeof readOrder>[0];
  recordsMax: bigint;
  resumeToken: string;
}

/** Which records, in which order. */
interface Wanted {
  asked: RecordQuery;
  order: RecordOrder;
  recordsMax: number;
  /** Records before this time: without an end it would run after those that come while it goes on. */
  endNanos: bigint;
}

/**
 * Hands over all records that are asked for, one after the other, each when the one before was taken; tells at last how
 * it ended. Memory is that of a page, however many there are.
 *
 * @throws LogPulseError `invalid_request`, and the store's error where not even the first page can be found. What goes
 *   wrong later is in the end that it resolves with: what was taken cannot be taken back.
 */
export async function exportRecords(
  parts: ExportParts,
  request: AskedExport,
  context: CallContext,
  take: (log: StoredLog) => Promise<void>,
): Promise<ExportEnd> {
  const { wanted, from } = readExport(parts.clock, request, context.tenant);
  const untilMs = parts.clock.nowMs() + EXPORT_MS_MAX;
  let after = from;
  let records = 0;
  const endBecause = (reason: string) => {
    const token = after ? resumeToken(wanted.asked, wanted.order, { endNanos: wanted.endNanos, key: after }) : "";
    return create(ExportEndSchema, { complete: false, records, reason, resumeToken: token });
  };
  for (let isFirst = true; ; isFirst = false) {
    const size = Math.min(EXPORT_PAGE_RECORDS, wanted.recordsMax - records);
    let found: FoundRecords;
    try {
      found = await pageOf(parts, wanted, size, after, context.signal);
    } catch (reason) {
      if (isFirst || context.signal.aborted) throw reason;
      return endBecause(reason instanceof LogPulseError ? reason.message : reasonText(reason));
    }
    for (const record of found.records) {
      if (context.stopping.aborted) return endBecause("the server stops");
      if (parts.clock.nowMs() > untilMs) return endBecause(`it took longer than ${EXPORT_MS_MAX / 60_000} minutes`);
      await take(storedLog(record));
      records += 1;
      after = sortKeyOf(record);
    }
    const isLast = !found.isCut && found.records.length < size;
    if (isLast || records === wanted.recordsMax) return create(ExportEndSchema, { complete: true, records });
  }
}

function readExport(clock: Clock, request: AskedExport, tenant: string): { wanted: Wanted; from: SortKey | undefined } {
  const { recordsMax, resumeToken: token } = request;
  if (recordsMax < 0n) throw invalidField("records_max", `is ${recordsMax}; it must not be negative`);
  if (token.length > PAGE_TOKEN_CHARACTERS_MAX) {
    throw invalidField("resume_token", `is ${token.length} characters long; the limit is ${PAGE_TOKEN_CHARACTERS_MAX}`);
  }
  const asked = readRecordQuery(tenant, request);
  const order = readOrder(request.order);
  const place = token === "" ? undefined : readResumeToken(asked, order, token);
  return {
    wanted: {
      asked,
      order,
      endNanos: place?.endNanos ?? asked.endNanos ?? msToNanos(clock.nowMs()),
      recordsMax: recordsMax === 0n ? Number.MAX_SAFE_INTEGER : Number(recordsMax),
    },
    from: place?.key,
  };
}

/** One page, whole. A store that is away or busy for a moment does not end a long export. */
async function pageOf(
  { search, clock }: ExportParts,
  { asked, order, endNanos }: Wanted,
  size: number,
  after: SortKey | undefined,
  signal: AbortSignal,
): Promise<FoundRecords> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await wholeSearch(search, { ...asked, endNanos }, { size, order, after }, signal);
    } catch (reason) {
      const isPassing = isKind(reason, "store_unavailable") || isKind(reason, "overloaded");
      if (!isPassing || attempt === STORE_ATTEMPTS_MAX) throw reason;
    }
    await clock.sleep(RETRY_MS * attempt, signal);
  }
}
