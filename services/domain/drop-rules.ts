import { conditionMatcher, type RecordMatcher } from "./condition-matcher.ts";
import { conditionOf } from "./filter-condition.ts";
import type { LoggedBatch } from "./logged-batch.ts";
import { MatchedRecord } from "./matched-record.ts";
import { coverQuotes } from "./query-text/cover-quotes.ts";
import { parseQuery } from "./query-text/parse-query.ts";
import { parseRfc3339 } from "./record-time.ts";

/** Keeps matching records out of the stores. They are settled and counted; only statistics and tails have them. */
export interface DropRule {
  /** As written in the settings, for counts and logs. */
  text: string;
  /** Applies to batches that were received at this time or later, so that a replay of the log decides alike. */
  sinceNanos: bigint;
  matches: RecordMatcher;
}

/**
 * Reads rules as they stand in the settings: filters in their text form, apart by `;`, each with an optional start time
 * behind `@`: `status=200`, `path:/health* status<400 @2026-11-21T00:00:00Z`. Both marks mean themselves within quotes.
 *
 * @throws Error that names the rule and what is wrong with it.
 */
export function parseDropRules(text: string): DropRule[] {
  return cut(text, ";")
    .map((rule) => rule.trim())
    .filter((rule) => rule !== "")
    .map(parseRule);
}

/** Rules as they stand in the settings: `parseDropRules` reads the same ones from it. */
export function dropRulesText(rules: readonly DropRule[]): string {
  return rules.map(({ text }) => text).join("; ");
}

function parseRule(text: string): DropRule {
  const [filterText = "", since, ...more] = cut(text, "@");
  if (more.length > 0) throw wrong(text, "it has more than one @; values with @ in them stand in quotes");
  const sinceText = since?.trim();
  const sinceNanos = sinceText === undefined ? 0n : parseRfc3339(sinceText);
  if (sinceNanos === undefined)
    throw wrong(text, `behind @ stands "${sinceText}", not a time like 2026-11-21T13:00:00Z`);
  if (filterText.trim() === "") throw wrong(text, "it has no filter; * is met by every record");
  if (JOINED_AS_BEFORE.test(coverQuotes(filterText))) {
    throw wrong(
      text,
      "rules are apart by ; and conditions of one by blanks; values with & or , in them stand in quotes",
    );
  }
  const parsed = parseQuery(filterText);
  if ("errors" in parsed) throw wrong(text, parsed.errors[0]!.message);
  return { text, sinceNanos, matches: conditionMatcher(conditionOf(parsed.filter, "drop rule")) };
}

/** What rules were before they were filters (`status=200,path=/a&method=GET`): it would be read as one long value. */
const JOINED_AS_BEFORE = /[,&]\s*(?:status|method|path|service|level)=/;

function wrong(text: string, why: string): Error {
  return new Error(`"${text}" is not a drop rule: ${why}`);
}

/** The parts between these marks, those within quotes left alone. */
function cut(text: string, mark: ";" | "@"): string[] {
  const covered = coverQuotes(text);
  const parts: string[] = [];
  let start = 0;
  for (let at = covered.indexOf(mark); at >= 0; at = covered.indexOf(mark, start)) {
    parts.push(text.slice(start, at));
    start = at + 1;
  }
  return [...parts, text.slice(start)];
}

/** Marks the records of a batch that a rule drops. */
export function markDropped(batch: LoggedBatch, rules: readonly DropRule[]): void {
  const inForce = rules.filter((rule) => batch.receivedNanos >= rule.sinceNanos);
  if (inForce.length === 0) return;
  for (const logged of batch.records) {
    const record = new MatchedRecord(batch.producer, logged);
    logged.dropped = inForce.some((rule) => rule.matches(record));
  }
}
