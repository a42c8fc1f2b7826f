import type { JsonValue } from "@bufbuild/protobuf";
import { Severity } from "../../../gen/logpulse/v1/log_record_pb.ts";
import { SEVERITY_TEXT_BYTES_MAX } from "../limits.ts";
import { severityOfWord } from "../severity.ts";
import { boundedTextOf, countOf } from "./field-values.ts";
import type { LineFields } from "./line-fields.ts";
import { type LineLevel, levelOfLetter, levelOfSyslog, levelOfWord } from "./line-level.ts";

/** Where loggers write the level; the first one that can be read counts. */
export const LEVEL_NAMES: readonly string[] = [
  "log.level", // ECS
  "level",
  "severity",
  "lvl",
  "levelname", // Python
  "level_name", // Monolog
  "loglevel",
  "severity_text", // OpenTelemetry
  "severityText",
  "SeverityText",
  "@l", // Serilog
];

/** OpenTelemetry's numbers, which are LogPulse's. */
const SEVERITY_NAMES = ["severity_number", "severityNumber", "SeverityNumber"];

/** Numbers from 0 to 7 mean a level of syslog under these names only. */
const SYSLOG_NAMES = ["PRIORITY", "syslog.severity.code", "log.syslog.severity.code"];

/** MongoDB has five levels of debugging. */
const MONGO_STEP = /^D[1-5]$/;

/** slog's "INFO+2"; its numbers are OpenTelemetry's less 9. */
const SLOG = /^(DEBUG|INFO|WARN|ERROR)([+-]\d{1,2})$/;

/**
 * The level of a line's fields, taken out of them; undefined where they say none. Its severity is UNSPECIFIED for a word
 * that is not one of the usual ones, its text "" where only the number of a severity was there.
 */
export function takeLevel(fields: LineFields): LineLevel | undefined {
  const isGelf = fields.get("short_message") !== undefined; // Graylog's, whose level is that of syslog.
  const isMongo = fields.get("t.$date") !== undefined; // Whose "s" is a letter.
  const severity = fields.take(SEVERITY_NAMES, severityOfNumber);
  const level =
    fields.take(isGelf ? ["level"] : [], syslogLevelOf) ??
    fields.take(isMongo ? ["s", ...LEVEL_NAMES] : LEVEL_NAMES, levelOfValue) ??
    (severity === undefined ? fields.take(SYSLOG_NAMES, syslogLevelOf) : undefined);
  if (severity === undefined) return level;
  return { severity, text: level?.text ?? "" };
}

function severityOfNumber(value: JsonValue): Severity | undefined {
  const number = typeof value === "string" && /^\d\d?$/.test(value) ? Number(value) : value;
  const isSeverity = typeof number === "number" && Number.isInteger(number) && number >= 1 && number <= 24;
  return isSeverity ? (number as Severity) : undefined;
}

function levelOfValue(value: JsonValue): LineLevel | undefined {
  if (typeof value === "number") return levelOfTens(value);
  const text = boundedTextOf(value, SEVERITY_TEXT_BYTES_MAX);
  if (text === undefined) return undefined;
  if (/^\d\d$/.test(text)) return levelOfTens(Number(text));
  const severity =
    (text === "http" ? Severity.DEBUG4 : undefined) ?? // winston's, between info and verbose.
    severityOfWord(text) ??
    levelOfWord(text)?.severity ??
    levelOfLetter(text.replace(MONGO_STEP, "D"))?.severity ??
    severityOfSlog(text);
  return { severity: severity ?? Severity.UNSPECIFIED, text };
}

function severityOfSlog(text: string): Severity | undefined {
  const [, word, steps] = SLOG.exec(text) ?? [];
  if (word === undefined) return undefined;
  const number = severityOfWord(word)! + Number(steps);
  return Math.min(Math.max(number, Severity.TRACE), Severity.FATAL4) as Severity;
}

/** pino and bunyan: own numbers between these belong to the one below. */
const NAMES_OF_TENS = ["trace", "debug", "info", "warn", "error", "fatal"];

/** A usual number comes with its name, an own one as it is. */
function levelOfTens(number: number): LineLevel | undefined {
  const name = NAMES_OF_TENS[Math.floor(number / 10) - 1];
  if (name === undefined) return undefined;
  return { severity: severityOfWord(name)!, text: number % 10 === 0 ? name : String(number) };
}

function syslogLevelOf(value: JsonValue): LineLevel | undefined {
  const number = countOf(value, 7);
  return number === undefined ? undefined : levelOfSyslog(number);
}
