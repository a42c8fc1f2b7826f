import type { TailLogsRequest } from "../../../gen/logpulse/v1/query_service_pb.ts";
import type { Condition } from "../../domain/condition.ts";
import { TAIL_HISTORY_SECONDS_MAX } from "../../domain/limits.ts";
import { durationToNanos } from "../../domain/record-time.ts";
import { invalidField } from "../../domain/request-fields.ts";
import { readTailCursor, type TailPosition } from "../../domain/tail-cursor.ts";
import { readCondition } from "../read-conditions.ts";

/** What a tail is asked for, with nothing of the log looked at. */
export interface TailRequest {
  condition: Condition;
  /** Go on there. */
  cursor: TailPosition | undefined;
  /** End there. Never without `cursor`. */
  until: TailPosition | undefined;
  /** Begin so long ago, in nanoseconds; 0 is now. Always 0 with `cursor`. */
  historyNanos: bigint;
  /** 0: whole messages. */
  messageBytesMax: number;
}

/** @throws LogPulseError `invalid_request` naming field, value and what is wanted. */
export function readTailRequest(request: TailLogsRequest): TailRequest {
  const cursor = readCursor("cursor", request.cursor);
  const until = readCursor("until_cursor", request.untilCursor);
  if (cursor && request.history) throw invalidField("history", "is given with a cursor; it must be one of the two");
  if (until && !cursor) throw invalidField("until_cursor", "is given without cursor, where the range begins");
  if (request.messageBytesMax < 0) {
    throw invalidField("message_bytes_max", `is ${request.messageBytesMax}; it must not be negative`);
  }
  return {
    condition: readCondition(request.query, request.filter),
    cursor,
    until,
    historyNanos: readHistory(request.history),
    messageBytesMax: request.messageBytesMax,
  };
}

function readCursor(field: string, text: string): TailPosition | undefined {
  return text === "" ? undefined : readTailCursor(field, text);
}

function readHistory(history: TailLogsRequest["history"]): bigint {
  if (!history) return 0n;
  const nanos = durationToNanos(history);
  if (nanos >= 0n && history.seconds <= BigInt(TAIL_HISTORY_SECONDS_MAX)) return nanos;
  throw invalidField("history", `is ${history.seconds} s; it must be from 0 to ${TAIL_HISTORY_SECONDS_MAX} s`);
}
