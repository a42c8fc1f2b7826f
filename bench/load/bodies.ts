import { createHash } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import { msToNanos, nanosToTimestamp } from "../../services/domain/record-time.ts";
import { type CorpusRecord, corpus } from "../embedded/corpus.ts";

const BODIES = 64;
const RECORD_BYTES = 128;

/**
 * Encoded records, as many to a batch as told, without identities: a few different bodies that are sent again and again,
 * each time behind another head. Each record takes 128 bytes on the wire, like those of the design's table.
 */
export function batchBodies(recordsPerBatch: number, startMs: number): Uint8Array[] {
  return bodiesOf(corpus(BODIES * recordsPerBatch, startMs), recordsPerBatch);
}

/** The same, with this one time in each record. */
export function batchBodiesAt(recordsPerBatch: number, timeMs: number): Uint8Array[] {
  const records = corpus(BODIES * recordsPerBatch, timeMs).map((record) => ({ ...record, timeMs }));
  return bodiesOf(records, recordsPerBatch);
}

function bodiesOf(records: readonly CorpusRecord[], recordsPerBatch: number): Uint8Array[] {
  return Array.from({ length: BODIES }, (_, body) =>
    toBinary(
      LogBatchSchema,
      create(LogBatchSchema, {
        records: records.slice(body * recordsPerBatch, (body + 1) * recordsPerBatch).map((record) => ({
          time: nanosToTimestamp(msToNanos(record.timeMs)),
          severityText: record.level,
          service: record.service,
          message: fitted(record.message, RECORD_BYTES - FIELDS_BYTES - record.level.length - record.service.length),
        })),
      }),
    ),
  );
}

/** Everything but its texts: tags, lengths, and a time in whole milliseconds. */
const FIELDS_BYTES = 22;

/** One batch: what its client declares, and a body behind it, as protobuf's merging allows. */
export function batchOf(producerId: Uint8Array, firstSeq: number, body: Uint8Array): Buffer {
  const head = new BinaryWriter()
    .tag(1, WireType.LengthDelimited)
    .bytes(producerId)
    .tag(2, WireType.Varint)
    .uint64(firstSeq)
    .finish();
  return Buffer.concat([head, body]);
}

/** A hash of what is sent, with its times left out: the same in every run. */
export function dataHash(recordsPerBatch: number): string {
  const hash = createHash("sha256");
  for (const body of batchBodies(recordsPerBatch, 1_700_000_000_000)) hash.update(body);
  return hash.digest("hex");
}

function fitted(message: string, characters: number): string {
  return message.slice(0, characters).padEnd(characters, ".");
}
