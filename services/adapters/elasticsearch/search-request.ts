import { nanosToText } from "../../domain/record-time.ts";
import type { SortKey } from "../../domain/stored-record.ts";
import type { LogQuery } from "../../ports/log-search.ts";
import { TIME_FORMAT } from "./index-template.ts";

/** A clause of Elasticsearch's query language. */
type Clause = Record<string, unknown>;

const TIME_NANOS_MAX = 2n ** 63n - 1n; // The last date_nanos.

/**
 * The body of a search, or undefined where nothing can meet the conditions.
 *
 * Everything is a filter: nothing is ranked, and filters are cached. `msMax`: how long a shard may take.
 */
export function searchBody(
  query: LogQuery,
  size: number,
  after: SortKey | undefined,
  msMax: number,
): object | undefined {
  const time = timeRange(query.startNanos, query.endNanos);
  if (time === "empty" || (after && after.timeNanos < 0n) || size < 1) return undefined;
  return {
    size,
    timeout: `${msMax}ms`,
    track_total_hits: false,
    query: { bool: { filter: [...(time ? [time] : []), ...conditions(query)] } },
    sort: [{ time: { order: "desc", format: TIME_FORMAT } }, { producer: "desc" }, { seq: "desc" }],
    // A place later than any time there can be is before the first record.
    ...(after && after.timeNanos <= TIME_NANOS_MAX
      ? { search_after: [nanosToText(after.timeNanos), after.producer, after.seq] }
      : {}),
  };
}

function conditions({ tenant, words, phrase, anywhere, level, service }: LogQuery): Clause[] {
  const clauses = [term("tenant", tenant), ...words.map((word) => term("words", word))];
  // The words are cut at blanks again by the field's own analyzer, which is `whitespace`.
  if (phrase.length > 0) clauses.push({ match_phrase: { words: { query: phrase.join(" ") } } });
  for (const word of anywhere) clauses.push(oneOf(term("words", word), term("label_words", word)));
  if (service !== undefined) clauses.push(term("service", service));
  if (level) {
    const text = term("severity_text", level.text);
    const range = level.range && { range: { severity: { gte: level.range.min, lte: level.range.max } } };
    clauses.push(range ? oneOf(text, range) : text);
  }
  return clauses;
}

/** Times outside what the index can hold are errors to Elasticsearch; here they are bounds without effect. */
function timeRange(startNanos = 0n, endNanos = TIME_NANOS_MAX + 1n): Clause | "empty" | undefined {
  if (startNanos > TIME_NANOS_MAX || endNanos <= 0n) return "empty";
  const range: Record<string, string> = {};
  if (startNanos > 0n) range.gte = nanosToText(startNanos);
  if (endNanos <= TIME_NANOS_MAX) range.lt = nanosToText(endNanos);
  return Object.keys(range).length > 0 ? { range: { time: { ...range, format: TIME_FORMAT } } } : undefined;
}

function term(field: string, value: string): Clause {
  return { term: { [field]: { value } } };
}

function oneOf(...should: Clause[]): Clause {
  return { bool: { should, minimum_should_match: 1 } };
}
