import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import { type LogRecord, LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { effectiveSeverity } from "../../services/domain/severity.ts";
import { batchBodiesAt } from "../load/bodies.ts";

/** A record as a loader has it before it begins: read, and not yet in the form of any store. Its time is when it is loaded. */
export interface RecordToLoad {
  severity: number;
  level: string;
  service: string;
  message: string;
  /** The encoded LogRecord. */
  bytes: Uint8Array;
}

/** Records of one producer that follow each other: what goes as one bulk, or one transaction. */
export interface Chunk {
  /** 32 hexadecimal digits. */
  producer: string;
  firstSeq: number;
  count: number;
}

/**
 * The records that bench/load/stream-load.ts sends, in its order; behind the last one it begins anew. What is encoded keeps
 * the time told: no store has an index of that.
 */
export function recordsToLoad(recordsPerBatch: number, timeMs: number): RecordToLoad[] {
  const bodies = batchBodiesAt(recordsPerBatch, timeMs);
  return bodies.flatMap((body) => fromBinary(LogBatchSchema, body).records.map(recordToLoad));
}

function recordToLoad(record: LogRecord): RecordToLoad {
  return {
    severity: effectiveSeverity(record),
    level: record.severityText,
    service: record.service,
    message: record.message,
    bytes: toBinary(LogRecordSchema, record),
  };
}

/** Cuts what all producers have to load into chunks, in turn as their streams would send them. */
export function* chunksOf(
  producers: readonly string[],
  recordsPerProducer: number,
  recordsPerChunk: number,
): Generator<Chunk> {
  for (let firstSeq = 0; firstSeq < recordsPerProducer; firstSeq += recordsPerChunk) {
    const count = Math.min(recordsPerChunk, recordsPerProducer - firstSeq);
    for (const producer of producers) yield { producer, firstSeq, count };
  }
}
