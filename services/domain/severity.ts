import { Severity } from "../../gen/logpulse/v1/log_record_pb.ts";

/** A range of OpenTelemetry severity numbers, both ends included. */
export interface SeverityRange {
  min: number;
  max: number;
}

const FIRST_OF_WORD: Record<string, Severity> = {
  trace: Severity.TRACE,
  trc: Severity.TRACE,
  finest: Severity.TRACE, // java.util.logging
  silly: Severity.TRACE, // npm, winston
  debug: Severity.DEBUG,
  dbg: Severity.DEBUG,
  finer: Severity.DEBUG,
  fine: Severity.DEBUG2,
  verbose: Severity.DEBUG2,
  config: Severity.DEBUG3,
  info: Severity.INFO,
  inf: Severity.INFO,
  information: Severity.INFO,
  note: Severity.INFO, // MariaDB
  notice: Severity.INFO2,
  warn: Severity.WARN,
  wrn: Severity.WARN,
  warning: Severity.WARN,
  err: Severity.ERROR,
  error: Severity.ERROR,
  severe: Severity.ERROR,
  crit: Severity.FATAL,
  critical: Severity.FATAL,
  alert: Severity.FATAL,
  emerg: Severity.FATAL,
  emergency: Severity.FATAL,
  fatal: Severity.FATAL,
  ftl: Severity.FATAL,
  panic: Severity.FATAL,
};

/** The severity that a level word means, in any case; undefined for a word that is not one of the usual ones. */
export function severityOfWord(word: string): Severity | undefined {
  const key = word.toLowerCase();
  return Object.hasOwn(FIRST_OF_WORD, key) ? FIRST_OF_WORD[key] : undefined;
}

/** What a record's severity is for search: as sent, or what its text means where the number was left out. */
export function effectiveSeverity(record: { severity: Severity; severityText: string }): Severity {
  if (record.severity !== Severity.UNSPECIFIED) return record.severity;
  return severityOfWord(record.severityText) ?? Severity.UNSPECIFIED;
}

/** The whole range (four numbers) that a level word names; undefined for other words. */
export function severityRangeOfWord(word: string): SeverityRange | undefined {
  const severity = severityOfWord(word);
  if (severity === undefined) return undefined;
  const min = severity - ((severity - 1) % 4);
  return { min, max: min + 3 };
}

/** The usual level words, in lower case, whose severity lies in the range. */
export function levelWordsIn({ min, max }: SeverityRange): string[] {
  return Object.keys(FIRST_OF_WORD).filter((word) => {
    const severity = FIRST_OF_WORD[word]!;
    return severity >= min && severity <= max;
  });
}

/** Names of the ranges of four severities each, by `severityRangeNumber`. */
export const SEVERITY_RANGE_NAMES = ["NONE", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"] as const;

/** 1 to 6 for the ranges TRACE to FATAL; 0 for a severity outside of them, which says nothing. */
export function severityRangeNumber(severity: number): number {
  return severity >= 1 && severity <= 24 ? Math.floor((severity - 1) / 4) + 1 : 0;
}
