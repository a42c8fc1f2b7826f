import { identityText } from "../../domain/identity.ts";
import { type LoggedBatch, type LoggedRecord, rejectedSeqs } from "../../domain/logged-batch.ts";
import type { BulkBody } from "./bulk-body.ts";
import { documentHead, documentJson } from "./document.ts";
import { indexName } from "./index-template.ts";

/** One document on its way: two lines of a bulk request. */
export interface BulkItem {
  batch: LoggedBatch;
  /** Undefined in the place of a record that ingest rejected. */
  logged: LoggedRecord | undefined;
  /** Action and document, each with its newline. */
  lines: string;
}

/** What the lines of one batch's records have in common. */
export interface BulkBatch {
  batch: LoggedBatch;
  /** The action of each of its records, up to the seq. */
  actionHead: string;
  /** The beginning of their documents. */
  head: string;
}

/** @throws RangeError where the batch has a producer id or received time that ingest would have refused. */
export function bulkBatch(indexPrefix: string, batch: LoggedBatch): BulkBatch {
  const index = JSON.stringify(indexName(indexPrefix, batch.producerDay));
  const idHead = JSON.stringify(documentId(batch.tenant, batch.producer, 0)).slice(0, -'0"'.length);
  return { batch, actionHead: `{"create":{"_index":${index},"_id":${idHead}`, head: documentHead(batch) };
}

/**
 * The lines of one record, whose decoded form is let go of. `create` refuses an id that is there already: storing again
 * changes nothing.
 *
 * The id is at most 64 bytes of tenant, 32 digits and a seq: far below the 512 bytes at which Elasticsearch would
 * refuse the whole bulk.
 *
 * @throws RangeError where the record has no document, see `documentJson`.
 */
export function bulkItem(common: BulkBatch, logged: LoggedRecord): BulkItem {
  const document = documentJson(common.head, logged);
  logged.forgetDecoded(); // Thousands wait for the store's answer: a decoded record is several times its bytes.
  return itemOf(common, logged.seq, logged, document);
}

/**
 * Lines that stand in the place of the records that ingest rejected, one for each: under their ids no record can be
 * stored any more. Without a tenant no search finds them.
 */
export function rejectedItems(common: BulkBatch): BulkItem[] {
  return rejectedSeqs(common.batch).map((seq) => itemOf(common, seq, undefined, REJECTED));
}

const REJECTED = JSON.stringify({ settled: "rejected" });

/** The id of a record's document. */
export function documentId(tenant: string, producer: string, seq: number): string {
  return `${tenant}/${identityText(producer, seq)}`;
}

function itemOf(
  { batch, actionHead }: BulkBatch,
  seq: number,
  logged: LoggedRecord | undefined,
  document: string,
): BulkItem {
  return { batch, logged, lines: `${actionHead}${seq}"}}\n${document}\n` };
}

/** A record whose lines are in a bulk's body. */
export type SentItem = Pick<BulkItem, "batch" | "logged">;

/**
 * Consecutive items whose lines are together at most `bytesMax`; a longer one goes alone. Each bulk's lines are in `body`
 * until the next bulk is asked for. Items are made as they are asked for, and their texts let go of.
 */
export function* bulksOf(items: Iterable<BulkItem>, bytesMax: number, body: BulkBody): Generator<SentItem[]> {
  let bulk: SentItem[] = [];
  body.clear();
  for (const { batch, logged, lines } of items) {
    const bytes = Buffer.byteLength(lines);
    if (bulk.length > 0 && body.length + bytes > bytesMax) {
      yield bulk;
      bulk = [];
      body.clear();
    }
    body.add(lines, bytes);
    bulk.push({ batch, logged });
  }
  if (bulk.length > 0) yield bulk;
}
