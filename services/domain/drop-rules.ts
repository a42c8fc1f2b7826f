import type { LogRecord } from "../../gen/logpulse/v1/log_record_pb.ts";
import type { LoggedBatch } from "./logged-batch.ts";
import { parseRfc3339 } from "./record-time.ts";
import { effectiveSeverity, severityOfWord } from "./severity.ts";

/** Keeps matching records out of the stores. They are settled and counted; only statistics have them. */
export interface DropRule {
  /** As written in the settings, for counts and logs. */
  text: string;
  /** Applies to batches that were received at this time or later, so that a replay of the log decides alike. */
  sinceNanos: bigint;
  matches(record: LogRecord): boolean;
}

const CONDITIONS: Record<string, (value: string) => ((record: LogRecord) => boolean) | undefined> = {
  status: (value) => (/^\d{1,3}$/.test(value) ? (record) => record.http?.status === Number(value) : undefined),
  method: (value) => (record) => record.http?.method.toLowerCase() === value.toLowerCase(),
  path: (value) => (record) => record.http?.path === value,
  service: (value) => (record) => record.service === value,
  level: (value) => {
    const severity = severityOfWord(value);
    return severity === undefined ? undefined : (record) => effectiveSeverity(record) === severity;
  },
};

/**
 * Reads rules as they stand in the settings: rules apart by `,`, conditions of one rule joined by `&`, an optional
 * start time behind `@`: `status=200`, `status=204&path=/health@2026-11-21T00:00:00Z`.
 *
 * @throws Error that names the rule and what is wanted.
 */
export function parseDropRules(text: string): DropRule[] {
  return text
    .split(",")
    .map((rule) => rule.trim())
    .filter((rule) => rule !== "")
    .map(parseRule);
}

function parseRule(text: string): DropRule {
  const [conditionsText = "", sinceText] = text.split("@");
  const sinceNanos = sinceText === undefined ? 0n : parseRfc3339(sinceText);
  const conditions = conditionsText.split("&").map((condition) => {
    const [field = "", ...value] = condition.split("=");
    return Object.hasOwn(CONDITIONS, field) && value.length > 0 ? CONDITIONS[field]!(value.join("=")) : undefined;
  });
  if (sinceNanos === undefined || conditions.some((condition) => condition === undefined)) {
    const fields = Object.keys(CONDITIONS).join(", ");
    throw new Error(
      `"${text}" is not a drop rule; wanted FIELD=VALUE[&FIELD=VALUE][@RFC 3339 time], fields: ${fields}`,
    );
  }
  return { text, sinceNanos, matches: (record) => conditions.every((condition) => condition!(record)) };
}

/** Marks the records of a batch that a rule drops. */
export function markDropped(batch: LoggedBatch, rules: readonly DropRule[]): void {
  const inForce = rules.filter((rule) => batch.receivedNanos >= rule.sinceNanos);
  if (inForce.length === 0) return;
  for (const logged of batch.records) logged.dropped = inForce.some((rule) => rule.matches(logged.record));
}
