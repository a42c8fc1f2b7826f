import { create, type JsonObject, type MessageInitShape } from "@bufbuild/protobuf";
import { type Duration, DurationSchema } from "@bufbuild/protobuf/wkt";
import {
  type HttpRequestSchema,
  type LogRecord,
  LogRecordSchema,
  Severity,
} from "../../../gen/logpulse/v1/log_record_pb.ts";
import { nanosToTimestamp } from "../record-time.ts";

const NANOS_PER_SECOND = 1_000_000_000n;

/** What a line of an access log says. */
export interface AccessEntry {
  line: string;
  timeNanos: bigint;
  service: string;
  http: MessageInitShape<typeof HttpRequestSchema> & { status: number };
  /** What has no field of its own. Values that are undefined, "" or "-" are not said. */
  more: Record<string, string | number | undefined>;
}

/** The record of one request: its message is the line, its severity comes from the status. */
export function requestRecord({ line, timeNanos, service, http, more }: AccessEntry): LogRecord {
  const said = Object.entries(more).filter(([, value]) => value !== undefined && value !== "" && value !== "-");
  return create(LogRecordSchema, {
    time: nanosToTimestamp(timeNanos),
    severity: severityOfStatus(http.status),
    service,
    message: line,
    attributes: said.length > 0 ? (Object.fromEntries(said) as JsonObject) : undefined,
    http,
  });
}

/** 5xx is an error, 4xx a warning, all else information. */
export function severityOfStatus(status: number): Severity {
  if (status >= 500) return Severity.ERROR;
  return status >= 400 ? Severity.WARN : Severity.INFO;
}

/** A length of time, not negative. */
export function durationOfNanos(nanos: bigint): Duration {
  return create(DurationSchema, { seconds: nanos / NANOS_PER_SECOND, nanos: Number(nanos % NANOS_PER_SECOND) });
}

/** What an access log writes for nothing. */
export function orNothing(text: string | undefined): string {
  return text === undefined || text === "-" ? "" : text;
}
