import { create } from "@bufbuild/protobuf";
import { type DeadLetter, DeadLetterSchema } from "../../gen/logpulse/v1/dead_letter_pb.ts";
import { identityText } from "./identity.ts";
import { DEAD_LETTER_DETAIL_CHARACTERS_MAX } from "./limits.ts";
import type { LoggedBatch, LoggedRecord } from "./logged-batch.ts";
import { nanosToTimestamp } from "./record-time.ts";

/** A record that a store refuses for ever. */
export interface RefusedRecord {
  batch: LoggedBatch;
  logged: LoggedRecord;
  /** A short word for the kind of refusal. */
  reason: string;
  /** What the store said. */
  detail: string;
}

/**
 * What the row with a record's identity holds: the same content, or another. `not_compared`: its bytes differ, and
 * there was no time to look at what they say.
 */
export type StoredContent = "same" | "other" | "not_compared";

/** The refusal of a record whose identity another one has, as far as is known. */
export function conflict(batch: LoggedBatch, logged: LoggedRecord, content?: StoredContent): RefusedRecord {
  const detail =
    content === "not_compared"
      ? "other bytes are stored under this identity, and there was no time to compare what they say: another record, " +
        "or the same one written in another way"
      : "another record is stored under this identity: two senders have the same producer id, or one has used a seq twice";
  return { batch, logged, reason: "conflict", detail };
}

/** The letter that tells of it; its detail cut to DEAD_LETTER_DETAIL_CHARACTERS_MAX. */
export function deadLetterOf(store: string, { batch, logged, reason, detail }: RefusedRecord): DeadLetter {
  return create(DeadLetterSchema, {
    store,
    tenant: batch.tenant,
    id: identityText(batch.producer, logged.seq),
    reason,
    detail: detail.slice(0, DEAD_LETTER_DETAIL_CHARACTERS_MAX).toWellFormed(),
    original: logged.bytes,
    receivedTime: nanosToTimestamp(batch.receivedNanos),
    partition: batch.partition,
    offset: batch.offset,
  });
}
