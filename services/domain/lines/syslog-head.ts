import type { JsonObject } from "@bufbuild/protobuf";
import type { CarriedLine, Carrier } from "./carried-boundaries.ts";
import type { LineProblem } from "./line-format.ts";
import { levelOfWord } from "./line-level.ts";
import { readStructuredData } from "./structured-data.ts";

/** The head of a message of syslog. What it does not say is "". */
export interface SyslogHead {
  /** 8 × facility + severity; undefined where the line has none. */
  priority: number | undefined;
  /** As it is written. */
  time: string;
  host: string;
  app: string;
  processId: string;
  messageId: string;
  structuredData: JsonObject | undefined;
  /** Where the message begins. */
  end: number;
}

const PRIORITY = /^<(\d{1,3})>/;
const PRIORITY_MAX = 191;
const VERSION_1 = /1 ([^ \n]{1,64}) ([^ \n]{1,255}) ([^ \n]{1,255}) ([^ \n]{1,255}) ([^ \n]{1,255}) /y;
const NOTHING = "-";

const TIME_3164 = /[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d{1,9})? /y;
const TIME_ISO = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d) /y; // rsyslog, journalctl -o short-iso
const HOST = /[^ \n<[]{1,255} /y;
const TAG = /([^\s:[\]<"{(]{1,128})(?:\[([^\][\s]{1,128})\])?:(?: |(?=\n|$))/y;

/** Reads the head of a message of RFC 5424, or of RFC 3164 with or without its priority. */
export function readSyslogHead(text: string): SyslogHead | LineProblem {
  const found = PRIORITY.exec(text);
  const priority = found ? Number(found[1]) : undefined;
  if (priority !== undefined && priority > PRIORITY_MAX) {
    return { field: "priority", reason: `is ${priority}; wanted a number from 0 to ${PRIORITY_MAX}` };
  }
  const at = found?.[0].length ?? 0;
  const parts = priority === undefined ? undefined : match(VERSION_1, text, at);
  return parts ? readVersion1(text, priority, parts) : readOldHead(text, priority, at);
}

function readVersion1(text: string, priority: number | undefined, parts: RegExpExecArray): SyslogHead | LineProblem {
  const [time, host, app, processId, messageId] = parts.slice(1).map((part) => (part === NOTHING ? "" : part));
  const read = readStructuredData(text, VERSION_1.lastIndex);
  if ("reason" in read) return read;
  const { data, end } = read;
  return {
    priority,
    time: time!,
    host: host!,
    app: app!,
    processId: processId!,
    messageId: messageId!,
    structuredData: data,
    end: text[end] === " " ? end + 1 : end,
  };
}

function readOldHead(text: string, priority: number | undefined, start: number): SyslogHead | LineProblem {
  const time = (match(TIME_3164, text, start) ?? match(TIME_ISO, text, start))?.[0].trimEnd() ?? "";
  if (time === "" && priority === undefined) {
    return { field: "line", reason: "begins with neither <PRIORITY> nor a time of syslog" };
  }
  let at = start + (time === "" ? 0 : time.length + 1);
  // Programs that write to the socket themselves leave out the host.
  let tag = match(TAG, text, at);
  let host = "";
  if (tag === undefined && time !== "") {
    host = match(HOST, text, at)?.[0].trimEnd() ?? "";
    at += host === "" ? 0 : host.length + 1;
    tag = match(TAG, text, at);
  }
  if (priority === undefined && !isOldHead(text[start]!, host, tag)) {
    return { field: "line", reason: 'has no host and no "PROGRAM:" behind the time' };
  }
  return {
    priority,
    time,
    host,
    app: tag?.[1] ?? "",
    processId: tag?.[2] ?? "",
    messageId: "",
    structuredData: undefined,
    end: at + (tag?.[0].length ?? 0),
  };
}

/** Lines of other logs begin with such times too, and go on with a level. With RFC 3339 only a host and a program are syslog. */
function isOldHead(first: string, host: string, tag: RegExpExecArray | undefined): boolean {
  const isIso = first >= "0" && first <= "9";
  const names = [host, tag?.[1] ?? ""].filter((name) => name !== "");
  if (!isIso && names.length === 2) return true;
  if (names.some((name) => levelOfWord(name) !== undefined)) return false;
  return isIso ? names.length === 2 && !host.endsWith(":") : names.length === 1;
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

/** sudo writes the user's name so wide that it often begins with blanks: "   frank : TTY=…". */
const BLANKS_OF_SUDO = /^ {1,8}(?=\S{1,32} : )/;

/** Programs write a stack trace as many messages; a line without a head is the rest of a message with line breaks. */
export const SYSLOG_CARRIER: Carrier = {
  unwrap(line): CarriedLine | undefined {
    const head = readSyslogHead(line);
    if ("reason" in head) return undefined;
    const message = line.slice(head.end);
    const content = head.app === "sudo" ? message.replace(BLANKS_OF_SUDO, "") : message;
    return { source: syslogSource(head), content, isPartial: false };
  },
  bareLinesFollow: true,
  times: false,
  lastingSources: [],
};

/** The process that wrote a message. */
export function syslogSource({ host, app, processId }: SyslogHead): string {
  return `${host} ${app} ${processId}`;
}
