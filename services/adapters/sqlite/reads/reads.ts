import type { Identity } from "../../../domain/identity.ts";
import { type SortKey, type StoredRecord, sortKeyOf } from "../../../domain/stored-record.ts";
import type { AccessLog, AccessPage, AccessQuery } from "../../../ports/access-log.ts";
import type { LetterQuery, ListedLetter } from "../../../ports/dead-letter-table.ts";
import type { LogLookup } from "../../../ports/log-lookup.ts";
import type { LogQuery, LogSearch } from "../../../ports/log-search.ts";
import type { LatencyStats, LogStats, TrafficStats } from "../../../ports/log-stats.ts";
import { decodeListedLetter, type LetterPage } from "../store/dead-letter-reads.ts";
import { storedRecordOf } from "./encoded-record.ts";
import { type ReadSettings, ReadThreads } from "./read-threads.ts";

/**
 * All that is read of the store, the reading half of its dead letters included, in threads of its own: SQLite answers
 * while the one who asks waits.
 *
 * The store's writer creates the file and its tables; until then every read is refused as `store_unavailable`.
 */
export class SqliteReads implements LogSearch, LogLookup, AccessLog, LogStats {
  private readonly threads: ReadThreads;

  /** The file is opened by the first read. */
  constructor(settings: ReadSettings) {
    this.threads = new ReadThreads(settings);
  }

  /** What one look does not bring of a long page, is a long read: few of them go on at a time. */
  async search(
    query: LogQuery,
    size: number,
    after: SortKey | undefined,
    signal: AbortSignal,
  ): Promise<StoredRecord[]> {
    const first = await this.threads.ask(
      (thread, time, options) => thread.call("search", [time, query, size, after], options),
      signal,
    );
    const found = first.records.map(storedRecordOf);
    if (!first.isCut) return found;
    return this.threads.askLong(async (thread, time, options) => {
      for (;;) {
        const place = sortKeyOf(found.at(-1)!);
        const more = await thread.call("search", [time, query, size - found.length, place], options);
        found.push(...more.records.map(storedRecordOf));
        if (!more.isCut) return found;
      }
    }, signal);
  }

  async get(tenant: string, identity: Identity, signal: AbortSignal): Promise<StoredRecord | undefined> {
    const found = await this.threads.ask(
      (thread, time, options) => thread.call("lookUp", [time, tenant, identity], options),
      signal,
    );
    return found && storedRecordOf(found);
  }

  list(query: AccessQuery, limit: number, offset: number, signal: AbortSignal): Promise<AccessPage> {
    return this.threads.askLong(
      (thread, time, options) => thread.call("list", [time, query, limit, offset], options),
      signal,
    );
  }

  statuses(tenant: string, fromMinute: number, toMinute: number, signal: AbortSignal): Promise<Map<number, number>> {
    return this.threads.ask(
      (thread, time, options) => thread.call("statuses", [time, tenant, fromMinute, toMinute], options),
      signal,
    );
  }

  latency(tenant: string, fromMinute: number, toMinute: number, signal: AbortSignal): Promise<LatencyStats> {
    return this.threads.ask(
      (thread, time, options) => thread.call("latency", [time, tenant, fromMinute, toMinute], options),
      signal,
    );
  }

  traffic(tenant: string, fromMinute: number, toMinute: number, signal: AbortSignal): Promise<TrafficStats> {
    return this.threads.ask(
      (thread, time, options) => thread.call("traffic", [time, tenant, fromMinute, toMinute], options),
      signal,
    );
  }

  /** As `DeadLetterTable.list`. */
  async listLetters(query: LetterQuery, page: LetterPage, signal: AbortSignal): Promise<ListedLetter[]> {
    const found = await this.threads.ask(
      (thread, time, options) => thread.call("listLetters", [time, query, page], options),
      signal,
    );
    return found.map(decodeListedLetter);
  }

  /** As `DeadLetterTable.count`. */
  countLetters(query: LetterQuery, signal: AbortSignal): Promise<number> {
    return this.threads.ask((thread, time, options) => thread.call("countLetters", [time, query], options), signal);
  }

  /** Before all reads that wait; where every thread is busy for two seconds, the store does not answer now. */
  check(): Promise<void> {
    return this.threads.askFirst((thread, time, options) => thread.call("check", [time], options));
  }

  /** Ends reads that are under way, and the threads. */
  close(): Promise<void> {
    return this.threads.close();
  }
}
