import { toJson } from "@bufbuild/protobuf";
import { LogRecordSchema } from "../../../gen/logpulse/v1/log_record_pb.ts";
import { isRecord, type LineContext, type LineFormat } from "./line-format.ts";

/** Saturday, 21 November 2026, at one o'clock UTC; the reader's local time is an hour ahead. */
export const CONTEXT: LineContext = {
  service: "given",
  nowMs: Date.UTC(2026, 10, 21, 13),
  offsetMinutes: () => 60,
};

/** What a format makes of a text: the record as JSON, or the problem. */
export function readAsJson(format: LineFormat, text: string, context = CONTEXT) {
  const read = format.read(text, context);
  // biome-ignore lint/suspicious/noExplicitAny: any JSON; what it must be is in the tables of the tests.
  return (isRecord(read) ? toJson(LogRecordSchema, read) : read) as any;
}
