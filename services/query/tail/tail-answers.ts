import { create } from "@bufbuild/protobuf";
import {
  type StoredLog,
  TailEnd_Reason,
  TailEndSchema,
  TailHeartbeatSchema,
  TailLagged_Reason,
  TailLaggedSchema,
  type TailLogsResponse,
  TailLogsResponseSchema,
  TailRecordsSchema,
} from "../../../gen/logpulse/v1/query_service_pb.ts";
import { msToNanos, nanosToTimestamp } from "../../domain/record-time.ts";

/** Why a tail ends by our doing. */
export type TailEndReason = keyof typeof ENDS;

const ENDS = {
  done: [TailEnd_Reason.DONE, "until_cursor is reached"],
  stopping: [TailEnd_Reason.STOPPING, "this server stops; another one goes on from the cursor"],
  log_unavailable: [TailEnd_Reason.LOG_UNAVAILABLE, "the log cannot be read now; try again from the cursor"],
  time_up: [TailEnd_Reason.TIME_UP, "a tail lasts no longer; go on from the cursor"],
} as const;

/** A range that was not shown: its cursors, and how many records that meet the conditions it has, where that is known. */
export interface MissedRange {
  reason: "slow_reader" | "log_retention";
  fromCursor: string;
  untilCursor: string;
  records: number | undefined;
}

/** At least one record. */
export function recordsAnswer(logs: StoredLog[], cursor: string): TailLogsResponse {
  return create(TailLogsResponseSchema, {
    event: { case: "records", value: create(TailRecordsSchema, { logs }) },
    cursor,
  });
}

/** A sign of life. */
export function heartbeatAnswer(nowMs: number, repeats: number, cursor: string): TailLogsResponse {
  const value = create(TailHeartbeatSchema, { time: nanosToTimestamp(msToNanos(nowMs)), repeats });
  return create(TailLogsResponseSchema, { event: { case: "heartbeat", value }, cursor });
}

/** Says what is left out; the tail goes on behind it. */
export function laggedAnswer({ reason, fromCursor, untilCursor, records }: MissedRange): TailLogsResponse {
  const told = reason === "slow_reader" ? TailLagged_Reason.SLOW_READER : TailLagged_Reason.LOG_RETENTION;
  const count = records === undefined ? {} : { records };
  const value = create(TailLaggedSchema, { reason: told, fromCursor, untilCursor, ...count });
  return create(TailLogsResponseSchema, { event: { case: "lagged", value }, cursor: untilCursor });
}

/** The last one. */
export function endAnswer(why: TailEndReason, repeats: number, cursor: string): TailLogsResponse {
  const [reason, message] = ENDS[why];
  const value = create(TailEndSchema, { reason, message, repeats });
  return create(TailLogsResponseSchema, { event: { case: "end", value }, cursor });
}
