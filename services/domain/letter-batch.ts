import type { DeadLetter } from "../../gen/logpulse/v1/dead_letter_pb.ts";
import { parseIdentity, producerDay } from "./identity.ts";
import { TENANT_BYTES_MAX } from "./limits.ts";
import { decodeLoggedBatch, type LoggedBatch, LoggedRecord } from "./logged-batch.ts";
import { timestampToNanos } from "./record-time.ts";

/**
 * What a dead letter carries, as a batch to be stored: its one record under its own identity, or the whole message where
 * that could not be read when the letter was written (such a letter has no identity).
 *
 * @throws Error in plain words where it cannot be read.
 */
export function loggedBatchOfLetter(letter: DeadLetter): LoggedBatch {
  const { partition, offset, id, tenant, original, receivedTime } = letter;
  if (id === "") return decodeLoggedBatch(partition, offset, original);
  if (tenant === "" || !receivedTime) throw new Error("the letter has an id, but no tenant or no received_time");
  if (Buffer.byteLength(tenant) > TENANT_BYTES_MAX) throw new Error(`tenant has more than ${TENANT_BYTES_MAX} bytes`);
  const { producer, seq } = parseIdentity(id);
  const receivedNanos = timestampToNanos(receivedTime);
  const logged = new LoggedRecord(seq, original, receivedNanos);
  void logged.record; // Decoded here, where it may still be found to be none.
  return {
    partition,
    offset,
    tenant,
    producer,
    producerDay: producerDay(producer),
    receivedNanos,
    firstSeq: seq,
    recordCount: 1,
    records: [logged],
    rejects: [],
  };
}
