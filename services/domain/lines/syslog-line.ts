import type { JsonObject } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { type LogRecord, LogRecordSchema } from "../../../gen/logpulse/v1/log_record_pb.ts";
import { nanosToTimestamp } from "../record-time.ts";
import { attributesOf } from "./line-attributes.ts";
import type { LineContext, LineFormat, LineProblem } from "./line-format.ts";
import { readHead } from "./line-head.ts";
import { levelOfSyslog } from "./line-level.ts";
import { timeAt } from "./line-time.ts";
import { readSyslogHead, type SyslogHead, syslogSource } from "./syslog-head.ts";

/**
 * Messages of syslog: RFC 5424 (version 1), and RFC 3164 with and without its priority, as they stand in files.
 *
 * The program is the service, the message is what stands behind the head. Attributes: `host`, `procid`, `msgid`, `facility`
 * by its name, and `structured_data`. The level is the name of the priority's severity ("err"); without a priority it is
 * the one that the message begins with.
 */
export const syslogLine: LineFormat = {
  name: "syslog",
  title: "syslog, RFC 5424 and RFC 3164",
  read: readSyslog,
  beginsRecord: (line) => !("reason" in readSyslogHead(line)),
};

/** RFC 5424, table 1, by the names that syslog.conf has for them. */
const FACILITIES = [
  ...["kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp"],
  ...["audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"],
];
const BYTE_ORDER_MARK = "\uFEFF";

function readSyslog(text: string, context: LineContext): LogRecord | LineProblem {
  const head = readSyslogHead(text);
  if ("reason" in head) return head;
  const time = timeOf(head.time, context);
  if (typeof time === "object") return time;
  const message = messageOf(text, head);
  const level = head.priority === undefined ? readHead(message, context).level : levelOfSyslog(head.priority % 8);
  return create(LogRecordSchema, {
    time: time === undefined ? undefined : nanosToTimestamp(time),
    severity: level?.severity,
    severityText: level?.text,
    service: head.app === "" ? context.service : head.app.toWellFormed(),
    message,
    attributes: attributesOf(attributesOfHead(head)),
  });
}

function timeOf(text: string, context: LineContext): bigint | undefined | LineProblem {
  if (text === "") return undefined;
  const found = timeAt(text, 0, context);
  if (found?.end === text.length) return found.nanos;
  return { field: "time", reason: `is "${text.slice(0, 60)}", which is no time of syslog` };
}

function messageOf(text: string, head: SyslogHead): string {
  const start = text.startsWith(BYTE_ORDER_MARK, head.end) ? head.end + 1 : head.end;
  const [first = "", ...more] = text
    .slice(start)
    .replace(/[\r\n]$/, "")
    .split("\n");
  const source = syslogSource(head);
  return [first, ...more.map((line) => withoutHead(line, source))].join("\n").toWellFormed();
}

/** A line of a stack trace that was sent as a message of its own. */
function withoutHead(line: string, source: string): string {
  const head = readSyslogHead(line);
  return "reason" in head || syslogSource(head) !== source ? line : line.slice(head.end);
}

function attributesOfHead({ priority, host, processId, messageId, structuredData }: SyslogHead): JsonObject {
  return {
    ...(host === "" ? {} : { host }),
    ...(processId === "" ? {} : { procid: processId }),
    ...(messageId === "" ? {} : { msgid: messageId }),
    ...(priority === undefined ? {} : { facility: FACILITIES[priority >> 3]! }),
    ...(structuredData ? { structured_data: structuredData } : {}),
  };
}
