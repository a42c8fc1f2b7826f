import type { LogRecord } from "../../../gen/logpulse/v1/log_record_pb.ts";
import type { RejectKind } from "../reject-kind.ts";

/** Names of the forms in which lines of logs come, as callers write them. */
export const LINE_FORMAT_NAMES = [
  "access", // TIME ADDRESS METHOD PATH STATUS LATENCYms
  "combined", // Apache's and nginx's, common and combined
  "envoy", // Envoy's default access log
  "json", // one JSON object in a line
  "logfmt", // key=value key="other value"
  "syslog", // RFC 5424 and RFC 3164
  "cri", // Kubernetes: TIME stdout|stderr F|P TEXT; Docker's JSON files
  "text", // anything: time and level are found where the line begins with them
] as const;

/** A form in which lines of logs come. */
export type LineFormatName = (typeof LINE_FORMAT_NAMES)[number];

/** What a line does not say itself. */
export interface LineContext {
  /** The service of records whose line names none. */
  service: string;
  /** Now, in milliseconds since 1970: RFC 3164 and others leave out the year. */
  nowMs: number;
  /** Minutes that local time is ahead of UTC at a local time (in milliseconds, as if it were UTC): many logs leave out the zone. */
  offsetMinutes: (localMs: number) => number;
}

/** Why a line is not a record of its format: the part at fault and what was wanted. */
export interface LineProblem {
  field: string;
  /** Malformed unless told. */
  kind?: RejectKind;
  reason: string;
}

/** A form in which lines of logs come: pure, and the same for every caller. */
export interface LineFormat {
  name: LineFormatName;
  /** In a few words, for people: "Apache and nginx access log". */
  title: string;
  /**
   * Reads what one record was written as: a line without its line break, or several (apart by "\n") that belong together.
   * `context.service` is used only where the text names no service. Never throws, whatever the text is; takes time that
   * grows with its length and no faster.
   */
  read(text: string, context: LineContext): LogRecord | LineProblem;
  /**
   * Whether this line can be the first of a record, judged by the line alone and cheaply. Lines that cannot are joined to
   * the record before (see join-lines.ts).
   */
  beginsRecord(line: string): boolean;
}

/** True where `read` has found a record. */
export function isRecord(read: LogRecord | LineProblem): read is LogRecord {
  return "$typeName" in read;
}
