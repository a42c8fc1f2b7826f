import { STORE_BYTES_MAX, STORE_RECORDS_MAX } from "../domain/limits.ts";
import type { LoggedBatch } from "../domain/logged-batch.ts";

/** What one thing adds to a bulk or transaction. */
export interface StoreSize {
  records: number;
  bytes: number;
}

/**
 * Cuts a delivery into what one bulk or transaction takes: at most STORE_RECORDS_MAX records and STORE_BYTES_MAX bytes,
 * in order; what is larger goes alone. Nothing is taken before the chunk in front of it is asked for.
 */
export function* storeChunks<T>(things: Iterable<T>, sizeOf: (thing: T) => StoreSize): Generator<T[]> {
  let chunk: T[] = [];
  let records = 0;
  let bytes = 0;
  for (const thing of things) {
    const size = sizeOf(thing);
    const full = records + size.records > STORE_RECORDS_MAX || bytes + size.bytes > STORE_BYTES_MAX;
    if (chunk.length > 0 && full) {
      yield chunk;
      chunk = [];
      records = 0;
      bytes = 0;
    }
    chunk.push(thing);
    records += size.records;
    bytes += size.bytes;
  }
  if (chunk.length > 0) yield chunk;
}

/** A batch with all its places, the rejected records' too. */
export function batchSize({ records, recordCount }: LoggedBatch): StoreSize {
  return { records: recordCount, bytes: records.reduce((sum, record) => sum + record.bytes.length, 0) };
}
