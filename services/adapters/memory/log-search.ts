import { effectiveSeverity } from "../../domain/severity.ts";
import { compareNewestFirst, type SortKey, type StoredRecord, sortKeyOf } from "../../domain/stored-record.ts";
import { wordsOf } from "../../domain/words.ts";
import type { LogQuery, LogSearch } from "../../ports/log-search.ts";

/** Searches records that are in memory, by looking at each of them: the plain meaning of a LogQuery. */
export class MemoryLogSearch implements LogSearch {
  private readonly recordsOf: (tenant: string) => Iterable<StoredRecord>;

  /** `recordsOf`: everything that is stored for a tenant now, in any order. */
  constructor(recordsOf: (tenant: string) => Iterable<StoredRecord>) {
    this.recordsOf = recordsOf;
  }

  async search(query: LogQuery, size: number, after: SortKey | undefined): Promise<StoredRecord[]> {
    const found: { key: SortKey; stored: StoredRecord }[] = [];
    for (const stored of this.recordsOf(query.tenant)) {
      const key = sortKeyOf(stored);
      if ((!after || compareNewestFirst(after, key) < 0) && matches(query, stored, key)) found.push({ key, stored });
    }
    found.sort((a, b) => compareNewestFirst(a.key, b.key));
    return found.slice(0, size).map(({ stored }) => stored);
  }

  async check(): Promise<void> {}
}

/** Cheap conditions first: cutting a message into words costs more than all others together. */
function matches(query: LogQuery, { record }: StoredRecord, { timeNanos }: SortKey): boolean {
  const { words, phrase, anywhere, level, service, startNanos, endNanos } = query;
  if (startNanos !== undefined && timeNanos < startNanos) return false;
  if (endNanos !== undefined && timeNanos >= endNanos) return false;
  if (service !== undefined && record.service !== service) return false;
  if (level && record.severityText !== level.text && !isWithin(level.range, effectiveSeverity(record))) return false;
  if (words.length + phrase.length + anywhere.length === 0) return true;

  const messageWords = wordsOf(record.message);
  const inMessage = new Set(messageWords);
  if (!words.every((word) => inMessage.has(word))) return false;
  if (!standsIn(messageWords, phrase)) return false;
  const inLabels = new Set([...wordsOf(record.service), ...wordsOf(record.severityText)]);
  return anywhere.every((word) => inMessage.has(word) || inLabels.has(word));
}

function isWithin(range: { min: number; max: number } | undefined, severity: number): boolean {
  return range !== undefined && severity >= range.min && severity <= range.max;
}

/** Whether the phrase stands somewhere in the words, side by side. An empty one does. */
function standsIn(words: readonly string[], phrase: readonly string[]): boolean {
  for (let start = 0; start + phrase.length <= words.length; start++) {
    if (phrase.every((word, index) => words[start + index] === word)) return true;
  }
  return false;
}
