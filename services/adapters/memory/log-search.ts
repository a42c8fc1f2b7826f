import { conditionMatcher } from "../../domain/condition-matcher.ts";
import { MatchedRecord } from "../../domain/matched-record.ts";
import { compareNewestFirst, type SortKey, type StoredRecord, sortKeyOf } from "../../domain/stored-record.ts";
import type { FoundRecords, LogSearch, SearchPage } from "../../ports/log-search.ts";
import type { RecordQuery } from "../../ports/record-query.ts";

/** A record that meets a query, and its place in every list. */
export interface FoundRecord {
  key: SortKey;
  stored: StoredRecord;
}

/** Searches records that are in memory, by looking at each of them: the plain meaning of a query. */
export class MemoryLogSearch implements LogSearch {
  private readonly recordsOf: (tenant: string) => Iterable<StoredRecord>;

  /** `recordsOf`: everything that is stored for a tenant now, in any order. */
  constructor(recordsOf: (tenant: string) => Iterable<StoredRecord>) {
    this.recordsOf = recordsOf;
  }

  async search(query: RecordQuery, { size, order, after }: SearchPage): Promise<FoundRecords> {
    const sign = order === "newest_first" ? 1 : -1;
    const found = [...foundRecords(this.recordsOf(query.tenant), query)]
      .filter(({ key }) => !after || sign * compareNewestFirst(after, key) < 0)
      .sort((a, b) => sign * compareNewestFirst(a.key, b.key));
    return { records: found.slice(0, Math.max(size, 0)).map(({ stored }) => stored), isPartial: false, isCut: false };
  }

  async check(): Promise<void> {}
}

/** Those of the records that meet the query, whose tenant they are of. */
export function* foundRecords(records: Iterable<StoredRecord>, query: RecordQuery): Generator<FoundRecord> {
  const { condition, startNanos, endNanos } = query;
  const matches = conditionMatcher(condition);
  for (const stored of records) {
    const key = sortKeyOf(stored);
    if (startNanos !== undefined && key.timeNanos < startNanos) continue;
    if (endNanos !== undefined && key.timeNanos >= endNanos) continue;
    if (matches(new MatchedRecord(stored.producer, stored))) yield { key, stored };
  }
}
