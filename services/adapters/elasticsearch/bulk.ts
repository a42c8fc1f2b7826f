import { identityText } from "../../domain/identity.ts";
import { type LoggedBatch, type LoggedRecord, rejectedSeqs } from "../../domain/logged-batch.ts";
import { type BatchFacts, batchFacts, toDocument } from "./document.ts";
import { indexName } from "./index-template.ts";

/** One document on its way: two lines of a bulk request. */
export interface BulkItem {
  batch: LoggedBatch;
  /** Undefined in the place of a record that ingest rejected. */
  logged: LoggedRecord | undefined;
  /** Action and document, each with its newline. */
  lines: string;
  /** Their length in UTF-8. */
  bytes: number;
}

/** What the lines of one batch's records have in common. */
export interface BulkBatch {
  batch: LoggedBatch;
  index: string;
  facts: BatchFacts;
}

/** @throws RangeError where the batch has a producer id or received time that ingest would have refused. */
export function bulkBatch(indexPrefix: string, batch: LoggedBatch): BulkBatch {
  return { batch, index: indexName(indexPrefix, batch.producerDay), facts: batchFacts(batch) };
}

/**
 * The lines of one record. `create` refuses an id that is there already: storing again changes nothing.
 *
 * The id is at most 64 bytes of tenant, 32 digits and a seq: far below the 512 bytes at which Elasticsearch would
 * refuse the whole bulk.
 *
 * @throws RangeError where the record has no document, see `toDocument`.
 */
export function bulkItem(common: BulkBatch, logged: LoggedRecord): BulkItem {
  return itemOf(common, logged.seq, logged, toDocument(common.facts, logged));
}

/**
 * Lines that stand in the place of the records that ingest rejected, one for each: under their ids no record can be
 * stored any more. Without a tenant no search finds them.
 */
export function rejectedItems(common: BulkBatch): BulkItem[] {
  return rejectedSeqs(common.batch).map((seq) => itemOf(common, seq, undefined, REJECTED));
}

const REJECTED = { settled: "rejected" };

/** The id of a record's document. */
export function documentId(tenant: string, producer: string, seq: number): string {
  return `${tenant}/${identityText(producer, seq)}`;
}

function itemOf(
  { batch, index }: BulkBatch,
  seq: number,
  logged: LoggedRecord | undefined,
  document: object,
): BulkItem {
  const action = JSON.stringify({ create: { _index: index, _id: documentId(batch.tenant, batch.producer, seq) } });
  const lines = `${action}\n${JSON.stringify(document)}\n`;
  return { batch, logged, lines, bytes: Buffer.byteLength(lines) };
}

/** Consecutive items whose lines are together at most `bytesMax`; a longer one goes alone. Made as they are asked for. */
export function* bulksOf(items: Iterable<BulkItem>, bytesMax: number): Generator<BulkItem[]> {
  let bulk: BulkItem[] = [];
  let bytes = 0;
  for (const item of items) {
    if (bulk.length > 0 && bytes + item.bytes > bytesMax) {
      yield bulk;
      bulk = [];
      bytes = 0;
    }
    bulk.push(item);
    bytes += item.bytes;
  }
  if (bulk.length > 0) yield bulk;
}
