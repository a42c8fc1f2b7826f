import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type ExportEnd, ExportEndSchema, type StoredLog } from "../../gen/logpulse/v1/query_service_pb.ts";
import { isKind, LogPulseError, reasonText } from "../domain/errors.ts";
import { EXPORT_PAGE_RECORDS, STORE_ATTEMPTS_MAX, STORE_QUERY_MS_MAX } from "../domain/limits.ts";
import { msToNanos } from "../domain/record-time.ts";
import { invalidField } from "../domain/request-fields.ts";
import { type SortKey, type StoredRecord, sortKeyOf } from "../domain/stored-record.ts";
import type { Clock } from "../ports/clock.ts";
import type { LogSearch, RecordOrder } from "../ports/log-search.ts";
import type { RecordQuery } from "../ports/record-query.ts";
import type { CallContext } from "../ports/service-handlers.ts";
import { storedLog } from "./cached-lookup.ts";
import { type AskedRecords, readOrder, readRecordQuery } from "./read-questions.ts";

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
}

/** Which records, in which order. */
interface Export {
  query: RecordQuery;
  order: RecordOrder;
  recordsMax: number;
}

/**
 * Hands over all records that are asked for, a page after the other, each when the one before was taken; tells at last
 * how it ended. Memory is that of a page, however many there are.
 *
 * @throws LogPulseError `invalid_request`, and the store's error where not even the first page can be found. What goes
 *   wrong later is in the end that it resolves with: what was taken cannot be taken back.
 */
export async function exportRecords(
  parts: ExportParts,
  asked: AskedExport,
  context: CallContext,
  take: (logs: StoredLog[]) => Promise<void>,
): Promise<ExportEnd> {
  const wanted = readExport(parts.clock, asked, context.tenant);
  let records = 0;
  let after: SortKey | undefined;
  for (;;) {
    if (context.stopping.aborted) return end(records, "the server stops; ask again for the rest");
    const size = Math.min(EXPORT_PAGE_RECORDS, wanted.recordsMax - records);
    let found: StoredRecord[];
    try {
      found = await pageOf(parts, wanted, size, after, context.signal);
    } catch (reason) {
      if (after === undefined || context.signal.aborted) throw reason;
      return end(records, reason instanceof LogPulseError ? reason.message : reasonText(reason));
    }
    if (found.length > 0) await take(found.map(storedLog));
    records += found.length;
    after = found.length > 0 ? sortKeyOf(found.at(-1)!) : after;
    if (found.length < size || records === wanted.recordsMax) return end(records);
  }
}

function readExport(clock: Clock, asked: AskedExport, tenant: string): Export {
  if (asked.recordsMax < 0n) throw invalidField("records_max", `is ${asked.recordsMax}; it must not be negative`);
  const query = readRecordQuery(tenant, asked);
  return {
    // Without an end it would run after the records that come while it goes on.
    query: { ...query, endNanos: query.endNanos ?? msToNanos(clock.nowMs()) },
    order: readOrder(asked.order),
    recordsMax: asked.recordsMax === 0n ? Number.MAX_SAFE_INTEGER : Number(asked.recordsMax),
  };
}

/** One page, whole. A store that is away or busy for a moment does not end a long export. */
async function pageOf(
  { search, clock }: ExportParts,
  { query, order }: Export,
  size: number,
  after: SortKey | undefined,
  signal: AbortSignal,
): Promise<StoredRecord[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      const page = { size, order, after, msMax: STORE_QUERY_MS_MAX };
      const { records, isPartial } = await search.search(query, page, signal);
      if (!isPartial) return records;
      throw new LogPulseError(
        "query_too_costly",
        `a page took longer than ${STORE_QUERY_MS_MAX} ms; ask for less time`,
      );
    } catch (reason) {
      const isPassing = isKind(reason, "store_unavailable") || isKind(reason, "overloaded");
      if (!isPassing || attempt === STORE_ATTEMPTS_MAX) throw reason;
    }
    await clock.sleep(RETRY_MS * attempt, signal);
  }
}

function end(records: number, reason = ""): ExportEnd {
  const fields: MessageInitShape<typeof ExportEndSchema> = { complete: reason === "", records, reason };
  return create(ExportEndSchema, fields);
}
