import { create } from "@bufbuild/protobuf";
import { type DeadLetter, DeadLetterSchema } from "../../gen/logpulse/v1/dead_letter_pb.ts";
import { DEAD_LETTER_DETAIL_CHARACTERS_MAX } from "../domain/limits.ts";
import { decodeLoggedBatch, type LoggedBatch } from "../domain/logged-batch.ts";
import type { LogMessage } from "../ports/event-log.ts";

/** Messages as batches, and a dead letter for each that is not one. */
export interface Decoded {
  batches: LoggedBatch[];
  deadLetters: DeadLetter[];
}

/** Decodes a delivery. Bytes that somebody else wrote to the topic must not stop the partition. */
export function decodeMessages(store: string, messages: readonly LogMessage[]): Decoded {
  const decoded: Decoded = { batches: [], deadLetters: [] };
  for (const message of messages) {
    try {
      decoded.batches.push(decodeLoggedBatch(message.partition, message.offset, message.bytes));
    } catch (reason) {
      decoded.deadLetters.push(undecodable(store, message, reason));
    }
  }
  return decoded;
}

function undecodable(store: string, message: LogMessage, reason: unknown): DeadLetter {
  const detail = reason instanceof Error ? reason.message : String(reason);
  return create(DeadLetterSchema, {
    store,
    reason: "undecodable",
    detail: detail.slice(0, DEAD_LETTER_DETAIL_CHARACTERS_MAX),
    original: message.bytes,
    partition: message.partition,
    offset: message.offset,
  });
}
