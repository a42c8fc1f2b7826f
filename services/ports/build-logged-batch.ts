import { randomBytes } from "node:crypto";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import { LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { makeUuidV7 } from "../domain/identity.ts";
import { decodeLoggedBatch, type LoggedBatch } from "../domain/logged-batch.ts";
import { msToNanos, nanosToTimestamp } from "../domain/record-time.ts";

/** A record as tests write it down: only the fields that matter. */
export type RecordToBuild = MessageInitShape<typeof LogRecordSchema>;

/** A batch as tests write it down. */
export interface BatchToBuild {
  tenant: string;
  /** 32 hexadecimal digits, of `newProducer`. */
  producer: string;
  /** 0 unless given. */
  firstSeq?: number;
  /** Encoded records go in as they are. */
  records: readonly (RecordToBuild | Uint8Array)[];
  /** Indices of records that ingest rejected: their place in the batch is kept by an empty record. */
  rejected?: readonly number[];
  /** Indices of records that a drop rule keeps out of the stores. */
  dropped?: readonly number[];
  /** Now unless given. */
  receivedNanos?: bigint;
  /** 0 unless given. */
  partition?: number;
  /** 0 unless given. */
  offset?: bigint;
}

/** A fresh producer id of that time (now unless given) as 32 hexadecimal digits. */
export function newProducer(timeMs = Date.now()): string {
  return Buffer.from(makeUuidV7(timeMs, randomBytes(10))).toString("hex");
}

/** For the tests of stores: a batch as a worker reads it from the log, by way of its encoded bytes. */
export function buildLoggedBatch(batch: BatchToBuild): LoggedBatch {
  const logged = decodeLoggedBatch(batch.partition ?? 0, batch.offset ?? 0n, encodeBatch(batch));
  const dropped = new Set((batch.dropped ?? []).map((index) => logged.firstSeq + index));
  for (const record of logged.records) record.dropped = dropped.has(record.seq);
  return logged;
}

/** The batch as it stands in the log: the records, and the server's fields behind them. */
export function encodeBatch(batch: BatchToBuild): Uint8Array {
  const writer = new BinaryWriter();
  batch.records.forEach((record, index) => {
    const bytes = batch.rejected?.includes(index) ? new Uint8Array(0) : encodeRecord(record);
    writer.tag(LogBatchSchema.field.records.number, WireType.LengthDelimited).bytes(bytes);
  });
  const rest = create(LogBatchSchema, {
    producerId: Buffer.from(batch.producer, "hex"),
    firstSeq: BigInt(batch.firstSeq ?? 0),
    tenant: batch.tenant,
    receivedTime: nanosToTimestamp(batch.receivedNanos ?? msToNanos(Date.now())),
    rejects: (batch.rejected ?? []).map((index) => ({ index, field: "message", reason: "rejected by a test" })),
  });
  return new Uint8Array(Buffer.concat([writer.finish(), toBinary(LogBatchSchema, rest)])); // As protobuf-es makes them.
}

/** One record as its sender encodes it. */
export function encodeRecord(record: RecordToBuild | Uint8Array): Uint8Array {
  return record instanceof Uint8Array ? record : toBinary(LogRecordSchema, create(LogRecordSchema, record));
}
