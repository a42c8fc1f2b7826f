import { randomBytes } from "node:crypto";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import type { LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
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
  records: readonly RecordToBuild[];
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
  const message = create(LogBatchSchema, {
    producerId: Buffer.from(batch.producer, "hex"),
    firstSeq: BigInt(batch.firstSeq ?? 0),
    records: batch.records.map((record, index) => (batch.rejected?.includes(index) ? {} : record)),
    tenant: batch.tenant,
    receivedTime: nanosToTimestamp(batch.receivedNanos ?? msToNanos(Date.now())),
    rejects: (batch.rejected ?? []).map((index) => ({ index, field: "message", reason: "rejected by a test" })),
  });
  const logged = decodeLoggedBatch(batch.partition ?? 0, batch.offset ?? 0n, toBinary(LogBatchSchema, message));
  const dropped = new Set((batch.dropped ?? []).map((index) => logged.firstSeq + index));
  for (const record of logged.records) record.dropped = dropped.has(record.seq);
  return logged;
}
