import { STORE_BYTES_MAX, STORE_RECORDS_MAX } from "../domain/limits.ts";
import type { LoggedBatch } from "../domain/logged-batch.ts";

/**
 * Cuts a delivery into what one bulk or transaction takes: at most STORE_RECORDS_MAX records and STORE_BYTES_MAX bytes,
 * whole batches, in order; a larger batch goes alone. No batch is taken before the chunk in front of it is asked for.
 */
export function* storeChunks(batches: Iterable<LoggedBatch>): Generator<LoggedBatch[]> {
  let chunk: LoggedBatch[] = [];
  let records = 0;
  let bytes = 0;
  for (const batch of batches) {
    const batchBytes = batch.records.reduce((sum, record) => sum + record.bytes.length, 0);
    const full = records + batch.recordCount > STORE_RECORDS_MAX || bytes + batchBytes > STORE_BYTES_MAX;
    if (chunk.length > 0 && full) {
      yield chunk;
      chunk = [];
      records = 0;
      bytes = 0;
    }
    chunk.push(batch);
    records += batch.recordCount;
    bytes += batchBytes;
  }
  if (chunk.length > 0) yield chunk;
}
