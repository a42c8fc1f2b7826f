import { identityText } from "../../domain/identity.ts";
import type { LoggedBatch, LoggedRecord } from "../../domain/logged-batch.ts";
import { type BatchFacts, batchFacts, toDocument } from "./document.ts";
import { indexName } from "./index-template.ts";

/** One record on its way: two lines of a bulk request. */
export interface BulkItem {
  batch: LoggedBatch;
  logged: LoggedRecord;
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
export function bulkItem({ batch, index, facts }: BulkBatch, logged: LoggedRecord): BulkItem {
  const id = `${batch.tenant}/${identityText(batch.producer, logged.seq)}`;
  const action = JSON.stringify({ create: { _index: index, _id: id } });
  const lines = `${action}\n${JSON.stringify(toDocument(facts, logged))}\n`;
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
