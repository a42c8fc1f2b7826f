import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { parseRfc3339 } from "../record-time.ts";
import { recordNanos } from "./calendar-time.ts";
import type { LineFields } from "./line-fields.ts";
import type { LineContext } from "./line-format.ts";
import { timeAt } from "./line-time.ts";

/** Where loggers write the time; the first one that can be read counts. */
export const TIME_NAMES: readonly string[] = [
  "@timestamp", // ECS, logstash
  "timestamp",
  "time",
  "ts", // zap
  "t", // go-kit, MongoDB
  "@t", // Serilog
  "date",
  "datetime",
  "asctime", // Python
  "timeMillis", // log4j
  "instant", // log4j
  "timeUnixNano", // OpenTelemetry
  "__REALTIME_TIMESTAMP", // journald
];

/** The time of a line's fields, in nanoseconds since 1970, taken out of them; undefined where none can be read. */
export function takeTime(fields: LineFields, context: LineContext): bigint | undefined {
  return fields.take(TIME_NAMES, (value) => {
    const nanos = timeOfValue(value, context);
    return nanos === undefined ? undefined : recordNanos(nanos);
  });
}

function timeOfValue(value: JsonValue, context: LineContext): bigint | undefined {
  if (typeof value === "number") return timeOfEpoch(String(value));
  if (typeof value === "string") return timeOfEpoch(value) ?? timeOfText(value, context);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? timeOfParts(value, context) : undefined;
}

/** MongoDB's {"$date": …} and log4j's {"epochSecond": …, "nanoOfSecond": …}; nothing else may be in them. */
function timeOfParts(parts: JsonObject, context: LineContext): bigint | undefined {
  const keys = Object.keys(parts).sort().join();
  if (keys === "$date") return timeOfValue(parts.$date!, context);
  const { epochSecond, nanoOfSecond } = parts;
  if (keys !== "epochSecond,nanoOfSecond" || typeof nanoOfSecond !== "number") return undefined;
  return timeOfEpoch(`${epochSecond}.${String(nanoOfSecond).padStart(9, "0")}`);
}

/** RFC 3339 first: it is the usual one, and quickly read. */
function timeOfText(text: string, context: LineContext): bigint | undefined {
  const nanos = parseRfc3339(text);
  if (nanos !== undefined) return nanos;
  const found = timeAt(text, 0, context);
  return found?.end === text.length ? found.nanos : undefined;
}

/**
 * Time since 1970 in seconds, milliseconds, microseconds or nanoseconds: from September 2001 on these have 10, 13, 16 and 19
 * digits. Other numbers are no time: 12 digits may be a day and an hour.
 */
function timeOfEpoch(text: string): bigint | undefined {
  const [, whole, fraction = ""] = /^([1-9]\d{9}(?:\d{3}){0,3})(?:\.(\d{1,18}))?$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const fractionDigits = 19 - whole.length;
  return BigInt(whole + fraction.slice(0, fractionDigits).padEnd(fractionDigits, "0"));
}
