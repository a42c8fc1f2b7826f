import type { SeverityRange } from "../../../domain/severity.ts";

const SEVERITY_MAX = 24; // OpenTelemetry's last number.

/**
 * How the severity number that was sent stands among a record's labels, so that the few records of a level are found
 * among many. The sign in it belongs to no word, so no words that are asked for find it. Empty for other numbers: where
 * none was sent, the words of the severity text say all.
 */
export function severityMark(severity: number): string {
  return severity >= 1 && severity <= SEVERITY_MAX ? `\u00a4${severity}` : "";
}

/** The marks of a range; undefined where there are severities in it that have none. */
export function severityMarks({ min, max }: SeverityRange): string[] | undefined {
  if (min < 1 || max > SEVERITY_MAX) return undefined;
  return Array.from({ length: max - min + 1 }, (_, index) => severityMark(min + index));
}
