import type { LogRecord } from "../../../gen/logpulse/v1/log_record_pb.ts";
import { parseRfc3339 } from "../record-time.ts";
import { readFirstLine } from "./first-line.ts";
import type { LineContext, LineFormat, LineProblem } from "./line-format.ts";
import { LineReader } from "./line-reader.ts";
import { durationOfNanos, orNothing, requestRecord } from "./request-record.ts";
import { textLine } from "./text-line.ts";

/**
 * The access log of Apache and nginx: the common and the combined log format (httpd.apache.org/docs/2.4/logs.html), with
 * "host:port" before it (vhost_combined), and behind it what nginx is often told to add: a quoted x-forwarded-for, and the
 * time that the request took in seconds. Whatever else stands behind stays in the message, which is the line.
 */
export const combinedLine: LineFormat = {
  name: "combined",
  title: "Apache and nginx access log",
  read: (text, context) => readFirstLine(text, (line) => readLine(line, context)),
  beginsRecord: textLine.beginsRecord,
};

const TIME = /\[(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)\]/y;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const HOST_AND_PORT = /^(?:\[[0-9A-Fa-f:.]*\]|[^:]+):\d{1,5}$/;
const METHOD = /^\S{1,32}$/;
const PROTOCOL = /^[A-Za-z]{1,20}\/\d[\d.]{0,8}$/;
const SIZE = / (\d{1,16}|-)(?= |$)/y;

function readLine(line: string, context: LineContext): LogRecord | LineProblem {
  const time = findTime(line);
  if (!time) return problem("line", 'has no [day/month/year:time zone] behind "ADDRESS IDENTITY USER"');
  const caller = readCaller(time.before);
  if (!caller) return problem("line", `begins with "${time.before.slice(0, 60)}"; wanted ADDRESS IDENTITY USER`);
  if (time.nanos === undefined) return problem("time", `is "${time.text}", which is no time`);
  const reader = new LineReader(line, time.end);
  const request = reader.pass(" ") ? reader.quoted() : undefined;
  if (request === undefined) return problem("http", 'has no "REQUEST" behind the time');
  const status = reader.match(/ (\d{3})(?= )/y)?.[1];
  if (status === undefined) return problem("http.status", "is missing behind the request; wanted three digits");
  const size = reader.match(SIZE)?.[1];
  if (size === undefined) return problem("http.response_bytes", 'is missing behind the status; wanted a number or "-"');
  const { referer, userAgent, forwardedFor, latency } = readRest(reader);
  return requestRecord({
    line,
    timeNanos: time.nanos,
    service: context.service,
    http: {
      clientIp: caller.address,
      ...requestParts(request),
      status: Number(status),
      latency,
      responseBytes: size === "-" ? 0n : BigInt(size),
      referer: orNothing(referer),
      userAgent: orNothing(userAgent),
    },
    more: { vhost: caller.vhost, user: caller.user, forwarded_for: forwardedFor },
  });
}

/** The first time in brackets: users may have brackets in their names. `nanos` is undefined for a day that is none. */
function findTime(line: string): { before: string; text: string; nanos: bigint | undefined; end: number } | undefined {
  const reader = new LineReader(line);
  for (let blank = line.indexOf(" ["); blank >= 0; blank = line.indexOf(" [", blank + 1)) {
    reader.at = blank + 1;
    const found = reader.match(TIME);
    if (!found) continue;
    const [text, day, monthName, year, clock, zoneHours, zoneMinutes] = found;
    const month = String(MONTHS.indexOf(monthName!) + 1).padStart(2, "0");
    const nanos = parseRfc3339(`${year}-${month}-${day}T${clock}${zoneHours}:${zoneMinutes}`);
    return { before: line.slice(0, blank), text, nanos, end: reader.at };
  }
  return undefined;
}

/** "[HOST:PORT ]ADDRESS IDENTITY USER"; a user may have blanks in it. */
function readCaller(text: string): { vhost: string; address: string; user: string } | undefined {
  const words = text.split(" ");
  const isAddress = (word: string) => word.includes(".") || word.includes(":");
  const hasVhost = words.length > 3 && HOST_AND_PORT.test(words[0]!) && isAddress(words[1]!);
  const [address = "", , ...user] = hasVhost ? words.slice(1) : words;
  if (address === "" || user.length === 0) return undefined;
  return { vhost: hasVhost ? words[0]! : "", address, user: user.join(" ") };
}

/** "GET /path HTTP/1.1"; a request that is not of this form is all path: anybody can send anything. */
function requestParts(request: string): { method: string; path: string; protocol: string } {
  const first = request.indexOf(" ");
  const last = request.lastIndexOf(" ");
  const method = request.slice(0, Math.max(0, first));
  const protocol = request.slice(last + 1);
  const isUsual = last > first && METHOD.test(method) && PROTOCOL.test(protocol);
  return isUsual
    ? { method, path: request.slice(first + 1, last), protocol }
    : { method: "", path: request, protocol: "" };
}

/** What may stand behind the size: up to three texts in quotes, then a time. */
function readRest(reader: LineReader) {
  const quoted = () => (reader.match(/ (?=")/y) ? reader.quoted() : undefined);
  const referer = quoted();
  const userAgent = quoted();
  const forwardedFor = quoted();
  // Seconds, as nginx writes $request_time. Its ingress of Kubernetes has the length of the request before it. A whole
  // number may be anything: Apache's %D is in microseconds, %T in seconds.
  const seconds = reader.match(/ (?:\d{1,15} (?=\d{1,7}\.\d{1,9} \[))?(?:rt=)?(\d{1,7})\.(\d{1,9})(?= |$)/y);
  const latency = seconds
    ? durationOfNanos(BigInt(seconds[1]!) * 1_000_000_000n + BigInt(seconds[2]!.padEnd(9, "0")))
    : undefined;
  return { referer, userAgent, forwardedFor, latency };
}

function problem(field: string, reason: string): LineProblem {
  return { field, reason };
}
