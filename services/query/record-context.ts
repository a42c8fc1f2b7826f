import {
  GetContextResponse_Basis as Basis,
  type GetContextRequest,
  type StoredLog,
  StoredLogSchema,
} from "../../gen/logpulse/v1/query_service_pb.ts";
import { cutMessage } from "../domain/cut-message.ts";
import { isAssignedProducer, parseIdentity } from "../domain/identity.ts";
import { ANSWER_BYTES_MAX, CONTEXT_RECORDS_DEFAULT, CONTEXT_RECORDS_MAX, RECORD_BYTES_MAX } from "../domain/limits.ts";
import { timestampToNanos } from "../domain/record-time.ts";
import type { SortKey } from "../domain/stored-record.ts";
import { withinAnswer } from "../domain/within-answer.ts";
import type { LogLookup, NeighbourRecords } from "../ports/log-lookup.ts";
import type { LogSearch, RecordOrder } from "../ports/log-search.ts";
import type { CallContext } from "../ports/service-handlers.ts";
import { readCount } from "./read-questions.ts";
import { readMessageBytes, storedLogs } from "./search-records.ts";
import { wholeSearch } from "./whole-search.ts";

/** What finds neighbours. */
export interface ContextParts {
  lookup: LogLookup;
  search: LogSearch;
}

/**
 * The neighbours of a record. A producer that named itself wrote its records in the order of their seqs; one that ingest
 * drew carries the records of many callers, so there the service's records by time are the neighbours.
 */
export async function recordContext(
  parts: ContextParts,
  log: StoredLog,
  request: GetContextRequest,
  context: CallContext,
) {
  const identity = parseIdentity(request.id);
  const before = readCount("before", request.before, CONTEXT_RECORDS_DEFAULT, CONTEXT_RECORDS_MAX);
  const after = readCount("after", request.after, CONTEXT_RECORDS_DEFAULT, CONTEXT_RECORDS_MAX);
  const bytesMax = readMessageBytes(request.messageBytesMax);
  const ofService = isAssignedProducer(identity.producer);
  const found = ofService
    ? await aroundInService(parts.search, log, identity, before, after, context)
    : await parts.lookup.around(context.tenant, identity, before, after, context.signal);

  // Those that are left out are the ones that are farthest away.
  const room = (ANSWER_BYTES_MAX - RECORD_BYTES_MAX) / 2;
  const nearestBefore = withinAnswer(storedLogs(found.before, bytesMax).reverse(), StoredLogSchema, room);
  return {
    before: nearestBefore.reverse(),
    log: cutMessage(log, bytesMax),
    after: withinAnswer(storedLogs(found.after, bytesMax), StoredLogSchema, room),
    basis: ofService ? Basis.SERVICE : Basis.PRODUCER,
  };
}

async function aroundInService(
  search: LogSearch,
  log: StoredLog,
  identity: { producer: string; seq: number },
  before: number,
  after: number,
  { tenant, signal }: CallContext,
): Promise<NeighbourRecords> {
  const record = log.record!;
  const key: SortKey = { ...identity, timeNanos: timestampToNanos(record.time!) };
  const query = { tenant, condition: ofService(record.service), startNanos: undefined, endNanos: undefined };
  const find = async (order: RecordOrder, size: number) =>
    (await wholeSearch(search, query, { size, order, after: key }, signal)).records;
  const [earlier, later] = await Promise.all([find("newest_first", before), find("oldest_first", after)]);
  return { before: earlier.reverse(), after: later };
}

function ofService(service: string) {
  const has = { kind: "text", field: "service" } as const;
  if (service !== "") return { ...has, test: "equals", value: service } as const;
  return { kind: "not", of: { ...has, test: "exists", value: "" } } as const;
}
