import { create } from "@bufbuild/protobuf";
import { type DeadLetter, DeadLetterSchema } from "../../gen/logpulse/v1/dead_letter_pb.ts";
import { DEAD_LETTER_DETAIL_CHARACTERS_MAX } from "../domain/limits.ts";
import { decodeLoggedBatch, type LoggedBatch } from "../domain/logged-batch.ts";
import type { LogMessage } from "../ports/event-log.ts";

/** Reads a message of the log; throws where it is no batch. */
export type DecodeBatch = (partition: number, offset: bigint, message: Uint8Array) => LoggedBatch;

/**
 * Decodes messages one by one, as they are asked for: a delivery of four megabytes may hold two million empty records,
 * which would not fit into memory at once.
 *
 * `decode`: decodeLoggedBatch, or readLoggedBatch for a log that only our ingest writes to. `undecodable`: gets a dead letter for each message that is no batch. Bytes that somebody else wrote to the topic must
 * not stop the partition.
 */
export function* decodeMessages(
  store: string,
  messages: readonly LogMessage[],
  undecodable: DeadLetter[],
  decode: DecodeBatch = decodeLoggedBatch,
): Generator<LoggedBatch> {
  for (const message of messages) {
    let batch: LoggedBatch;
    try {
      batch = decode(message.partition, message.offset, message.bytes);
    } catch (reason) {
      undecodable.push(undecodableLetter(store, message, reason));
      continue;
    }
    if (message.trace !== undefined) batch.trace = message.trace;
    yield batch;
  }
}

/** The letter for a message that could not be read, whole; its place in the log stands for its identity. */
export function undecodableLetter(store: string, message: LogMessage, reason: unknown): DeadLetter {
  const detail = reason instanceof Error ? reason.message : String(reason);
  return create(DeadLetterSchema, {
    store,
    reason: "undecodable",
    detail: detail.slice(0, DEAD_LETTER_DETAIL_CHARACTERS_MAX).toWellFormed(),
    original: message.bytes,
    partition: message.partition,
    offset: message.offset,
  });
}
