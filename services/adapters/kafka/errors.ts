import { findErrorBy } from "@platformatic/kafka";
import { LogPulseError } from "../../domain/errors.ts";

/** Answers to a produce that stay the same however often the same bytes are sent. All else may heal. */
const REFUSED_FOR_EVER = ["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_RECORD"];

/** The broker's word for why it will never take these bytes, or undefined where they may be taken later. */
export function refusalForEver(reason: unknown): string | undefined {
  if (!(reason instanceof Error)) return undefined;
  return REFUSED_FOR_EVER.find((word) => findErrorBy(reason, "apiId", word) !== null);
}

/** `invalid_batch`, with the broker's word for it. */
export function invalidBatch(topic: string, word: string, bytes: number, cause: unknown): LogPulseError {
  return new LogPulseError("invalid_batch", `topic ${topic} refuses ${bytes} bytes: ${word}`, { cause });
}

/** `log_unavailable`: Kafka did not do what was asked, and may do it later. Where it is, is told to our log alone. */
export function logUnavailable(asked: string, cause?: unknown): LogPulseError {
  return new LogPulseError("log_unavailable", `Kafka could not ${asked}`, { cause });
}

/** An error by which the group's coordinator says that this member has no partitions any more. */
export function isExpelled(reason: unknown): boolean {
  return ["UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION", "FENCED_INSTANCE_ID"].includes(kafkaJsType(reason));
}

/** An error by which the coordinator says that partitions will be given out anew; those held are still ours. */
export function isRebalancing(reason: unknown): boolean {
  return kafkaJsType(reason) === "REBALANCE_IN_PROGRESS";
}

/** An error about a topic that was made a moment ago, or whose leader is being chosen. */
export function isNotYetSeen(reason: unknown): boolean {
  return ["UNKNOWN_TOPIC_OR_PARTITION", "LEADER_NOT_AVAILABLE"].includes(kafkaJsType(reason));
}

function kafkaJsType(reason: unknown): string {
  return reason instanceof Error && "type" in reason ? String(reason.type) : "";
}
