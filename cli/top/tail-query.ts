import { FILTER_PATTERN_BYTES_MAX } from "../../services/domain/limits.ts";
import { anyOf, notOf, textOf } from "../../services/domain/query-text/make-filter.ts";
import { queryText } from "../../services/domain/query-text/query-text.ts";
import type { TopGrouping } from "./ask-top.ts";

/** The query that finds the records of a row. Paths of records have their query, those of statistics do not. */
export function tailQuery(by: TopGrouping, name: string): string {
  if (name === "") return queryText(notOf(textOf(by, "exists", "")));
  if (by === "service") return queryText(textOf("service", "equals", name));
  const withQuery = `${name}?`;
  const isLong = Buffer.byteLength(withQuery) > FILTER_PATTERN_BYTES_MAX;
  const same = textOf("path", "equals", name);
  return queryText(isLong ? same : anyOf([same, textOf("path", "prefix", withQuery)]));
}

/** The text as one word of a shell's command line. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
