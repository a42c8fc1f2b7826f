import type { Identity } from "../../../domain/identity.ts";
import { READ_FIRST_LOOK_MS_MAX } from "../../../domain/limits.ts";
import type { StoredRecord } from "../../../domain/stored-record.ts";
import type { AccessLog, AccessPage } from "../../../ports/access-log.ts";
import type { LetterQuery, ListedLetter } from "../../../ports/dead-letter-table.ts";
import type {
  FacetCounts,
  FacetField,
  HistogramCounts,
  LogAggregates,
  TimeSpan,
} from "../../../ports/log-aggregates.ts";
import type { LogLookup, NeighbourRecords } from "../../../ports/log-lookup.ts";
import type { FoundRecords, LogSearch, SearchPage } from "../../../ports/log-search.ts";
import type {
  BusiestGroups,
  ClientsCell,
  LogStats,
  RequestsCell,
  StatsGroup,
  StatsGrouping,
  StatsSelection,
} from "../../../ports/log-stats.ts";
import type { RecordQuery } from "../../../ports/record-query.ts";
import { decodeListedLetter, type LetterPage } from "../store/dead-letter-reads.ts";
import { storedRecordOf } from "./encoded-record.ts";
import type { Side } from "./log-lookup.ts";
import type { SearchAnswer } from "./log-search.ts";
import { clientsCellOf, requestsCellOf } from "./log-stats.ts";
import { monotonicMs, saysTimeUp } from "./read-bound.ts";
import { type ReadSettings, ReadThreads } from "./read-threads.ts";

/**
 * All that is read of the store, the reading half of its dead letters included, in threads of its own: SQLite answers
 * while the one who asks waits.
 *
 * The store's writer creates the file and its tables; until then every read is refused as `store_unavailable`.
 */
export class SqliteReads implements LogSearch, LogLookup, LogAggregates, AccessLog, LogStats {
  private readonly threads: ReadThreads;

  /** The file is opened by the first read. */
  constructor(settings: ReadSettings) {
    this.threads = new ReadThreads(settings);
  }

  /** Most searches are over in no time. One that is not goes on as a long read: few of those go on at a time. */
  async search(query: RecordQuery, page: SearchPage, signal: AbortSignal): Promise<FoundRecords> {
    const endMs = monotonicMs() + page.msMax;
    const first = await this.threads.ask(
      (thread, time, options) => thread.call("search", [time, query, page], options),
      signal,
      { msMax: page.msMax, runMsMax: READ_FIRST_LOOK_MS_MAX },
    );
    if (!first.isPartial) return foundRecords(first);
    // What the first look left out stands anywhere between its records: the long one begins anew.
    try {
      const longer = await this.threads.askLong(
        (thread, time, options) => thread.call("search", [time, query, page], options),
        signal,
        { msMax: Math.max(0, endMs - monotonicMs()), isCostly: false },
      );
      return foundRecords(longer);
    } catch (reason) {
      // Late is no excuse for anything else: damage, or a bug.
      if (signal.aborted || monotonicMs() < endMs || !saysTimeUp(reason)) throw reason;
      return foundRecords(first);
    }
  }

  async get(tenant: string, identity: Identity, signal: AbortSignal): Promise<StoredRecord | undefined> {
    const found = await this.threads.ask(
      (thread, time, options) => thread.call("lookUp", [time, tenant, identity], options),
      signal,
    );
    return found && storedRecordOf(found);
  }

  async around(
    tenant: string,
    identity: Identity,
    before: number,
    after: number,
    signal: AbortSignal,
  ): Promise<NeighbourRecords> {
    const beside = async (side: Side, count: number): Promise<StoredRecord[]> => {
      const look = await this.threads.ask(
        (thread, time, options) => thread.call("lookBeside", [time, tenant, identity, side, count], options),
        signal,
      );
      return look.records.map(storedRecordOf);
    };
    return { before: (await beside("before", before)).reverse(), after: await beside("after", after) };
  }

  list(query: RecordQuery, limit: number, offset: number, signal: AbortSignal): Promise<AccessPage> {
    return this.threads.askLong(
      (thread, time, options) => thread.call("list", [time, query, limit, offset], options),
      signal,
    );
  }

  timeSpan(query: RecordQuery, signal: AbortSignal): Promise<TimeSpan | undefined> {
    return this.threads.askLong((thread, time, options) => thread.call("timeSpan", [time, query], options), signal);
  }

  histogram(query: RecordQuery, widthNanos: bigint, signal: AbortSignal): Promise<HistogramCounts[]> {
    return this.threads.askLong(
      (thread, time, options) => thread.call("histogram", [time, query, widthNanos], options),
      signal,
    );
  }

  facets(query: RecordQuery, fields: readonly FacetField[], size: number, signal: AbortSignal): Promise<FacetCounts[]> {
    return this.threads.askLong(
      (thread, time, options) => thread.call("facets", [time, query, fields, size], options),
      signal,
    );
  }

  busiest(
    selection: StatsSelection,
    grouping: StatsGrouping,
    size: number,
    signal: AbortSignal,
  ): Promise<BusiestGroups> {
    return this.threads.askLong(
      (thread, time, options) => thread.call("busiest", [time, selection, grouping, size], options),
      signal,
    );
  }

  async requests(
    selection: StatsSelection,
    stepMinutes: number | undefined,
    groups: readonly StatsGroup[] | undefined,
    signal: AbortSignal,
  ): Promise<RequestsCell[]> {
    const cells = await this.threads.askLong(
      (thread, time, options) => thread.call("requests", [time, selection, stepMinutes, groups], options),
      signal,
    );
    return cells.map(requestsCellOf);
  }

  async clients(
    selection: StatsSelection,
    stepMinutes: number | undefined,
    services: readonly string[] | undefined,
    signal: AbortSignal,
  ): Promise<ClientsCell[]> {
    const cells = await this.threads.askLong(
      (thread, time, options) => thread.call("clients", [time, selection, stepMinutes, services], options),
      signal,
    );
    return cells.map(clientsCellOf);
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

function foundRecords({ records, isPartial, isCut }: SearchAnswer): FoundRecords {
  return { records: records.map(storedRecordOf), isPartial, isCut: isCut && !isPartial };
}
