import { LogPulseError } from "../domain/errors.ts";
import {
  BATCH_BYTES_MAX,
  PRODUCER_ID_BYTES,
  RECORD_BYTES_MAX,
  RECORDS_PER_BATCH_MAX,
  REJECT_TEXT_CHARACTERS_MAX,
  SEQ_MAX,
} from "../domain/limits.ts";
import type { RejectKind } from "../domain/reject-kind.ts";
import { walkRecord } from "./walk-record.ts";
import { FieldProblem, LENGTH_DELIMITED, VARINT, WireCursor } from "./wire-cursor.ts";

/** A record that is rejected, and the bytes of its field in the batch: from its tag to its end. */
export interface WalkedReject {
  index: number;
  field: string;
  kind: RejectKind;
  reason: string;
  start: number;
  end: number;
}

/** What a walk found. */
export interface WalkedBatch {
  bytes: Uint8Array;
  /** A view of 16 bytes, or of none where the client left it out. */
  producerId: Uint8Array;
  firstSeq: number;
  /** The rejected ones included. */
  recordCount: number;
  rejects: WalkedReject[];
}

const NO_BYTES = new Uint8Array(0);

/**
 * Checks an encoded LogBatch from a client by walking its wire format; nothing is decoded or copied.
 *
 * What is wrong inside one record rejects that record; what is wrong around the records refuses the batch.
 *
 * @throws LogPulseError `invalid_batch` naming the field and the limit: nothing of the batch may be kept.
 */
export function walkBatch(bytes: Uint8Array): WalkedBatch {
  if (bytes.length > BATCH_BYTES_MAX) {
    throw refused("", `is ${bytes.length} bytes long; the limit is ${BATCH_BYTES_MAX}`);
  }
  const batch: WalkedBatch = { bytes, producerId: NO_BYTES, firstSeq: 0, recordCount: 0, rejects: [] };
  try {
    walkFields(new WireCursor(bytes), batch);
  } catch (problem) {
    if (problem instanceof FieldProblem) throw refused(problem.field, problem.message);
    throw problem;
  }
  if (batch.firstSeq + Math.max(batch.recordCount - 1, 0) > SEQ_MAX) {
    throw refused("first_seq", `is ${batch.firstSeq} with ${batch.recordCount} records; a seq is at most ${SEQ_MAX}`);
  }
  return batch;
}

function walkFields(cursor: WireCursor, batch: WalkedBatch): void {
  let seen = 0;
  while (cursor.pos < cursor.end) {
    const start = cursor.pos;
    cursor.tag("");
    const field = cursor.fieldNumber;
    if (field > 3) throw new FieldProblem("", unknownField(field));
    if (field === 3) {
      walkRecordField(cursor, batch, start);
      continue;
    }
    const name = field === 1 ? "producer_id" : "first_seq";
    if (seen & field) throw new FieldProblem(name, "is given twice");
    seen |= field;
    if (field === 1) batch.producerId = producerIdAt(cursor);
    else batch.firstSeq = firstSeqAt(cursor);
  }
}

function unknownField(field: number): string {
  return field >= 100
    ? `has the field ${field}; fields from 100 on are the server's`
    : `has the field ${field}, which the contract does not know`;
}

function producerIdAt(cursor: WireCursor): Uint8Array {
  cursor.expect(LENGTH_DELIMITED, "producer_id");
  const end = cursor.length("producer_id");
  const length = end - cursor.pos;
  if (length !== 0 && length !== PRODUCER_ID_BYTES) {
    throw new FieldProblem("producer_id", `is ${length} bytes long; it must be a UUIDv7 of ${PRODUCER_ID_BYTES}`);
  }
  const id = cursor.bytes.subarray(cursor.pos, end);
  cursor.pos = end;
  return id;
}

function firstSeqAt(cursor: WireCursor): number {
  cursor.expect(VARINT, "first_seq");
  const seq = cursor.varint("first_seq");
  if (seq > SEQ_MAX) throw new FieldProblem("first_seq", `is ${seq}; a seq is at most ${SEQ_MAX}`);
  return seq;
}

function walkRecordField(cursor: WireCursor, batch: WalkedBatch, start: number): void {
  cursor.expect(LENGTH_DELIMITED, "records");
  const end = cursor.length("records");
  const index = batch.recordCount++;
  if (batch.recordCount > RECORDS_PER_BATCH_MAX) {
    throw new FieldProblem("records", `has more than ${RECORDS_PER_BATCH_MAX} records`);
  }
  const batchEnd = cursor.end;
  try {
    if (end - cursor.pos > RECORD_BYTES_MAX) {
      throw new FieldProblem("", `is ${end - cursor.pos} bytes long; the limit is ${RECORD_BYTES_MAX}`, "too_long");
    }
    walkRecord(cursor, end);
  } catch (problem) {
    if (!(problem instanceof FieldProblem)) throw problem;
    const reason = problem.message.slice(0, REJECT_TEXT_CHARACTERS_MAX);
    batch.rejects.push({ index, field: problem.field, kind: problem.kind, reason, start, end });
    cursor.end = batchEnd;
    cursor.pos = end;
  }
}

function refused(field: string, reason: string): LogPulseError {
  return new LogPulseError("invalid_batch", `batch${field === "" ? "" : ` field ${field}`} ${reason}`, {
    metadata: { field },
  });
}
