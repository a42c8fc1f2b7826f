import { LogPulseError } from "../../domain/errors.ts";
import type { Identity } from "../../domain/identity.ts";
import type { LoggedBatch, LoggedRecord } from "../../domain/logged-batch.ts";
import { durationToNanos } from "../../domain/record-time.ts";
import { deadLetterOf } from "../../domain/refused-record.ts";
import { compareNewestFirst, type StoredRecord, sortKeyOf } from "../../domain/stored-record.ts";
import type { AccessLog, AccessPage, AccessRecord } from "../../ports/access-log.ts";
import type { DeadLetters } from "../../ports/dead-letters.ts";
import type { LogLookup, NeighbourRecords } from "../../ports/log-lookup.ts";
import type { LogSink, StoreCounts } from "../../ports/log-sink.ts";
import type {
  BusiestGroups,
  ClientsCell,
  LogStats,
  RequestsCell,
  StatsGroup,
  StatsGrouping,
  StatsSelection,
} from "../../ports/log-stats.ts";
import type { RecordQuery } from "../../ports/record-query.ts";
import type { FirstDays, KeptDays, Retention } from "../../ports/retention.ts";
import { foundRecords } from "./log-search.ts";
import { MemoryRecords } from "./memory-records.ts";
import { SettlePlan } from "./settle-plan.ts";

/**
 * Everything a store has to do, in the memory of one process: for trying LogPulse and for tests. It keeps nothing
 * beyond the process and grows with every record of the days it keeps.
 */
export class MemoryStore implements LogSink, LogLookup, AccessLog, LogStats, Retention {
  readonly name = "memory";
  /** What it holds; for its dead letters' replay. */
  readonly records = new MemoryRecords();

  /** Everything stored for a tenant now, in any order. */
  recordsOf(tenant: string): Iterable<StoredRecord> {
    return this.records.rowsOf(tenant);
  }

  async prepare(): Promise<void> {}

  async check(): Promise<void> {}

  async close(): Promise<void> {}

  async store(batches: readonly LoggedBatch[], deadLetters: DeadLetters, signal: AbortSignal): Promise<StoreCounts> {
    const kept = new Set<LoggedRecord>();
    for (;;) {
      if (signal.aborted) throw new LogPulseError("cancelled", "told to stop", { cause: signal.reason });
      const plan = new SettlePlan(this.records, batches, kept);
      if (plan.refused.length === 0) {
        plan.carryOut(); // Nothing was awaited since it was made: calls cannot mix.
        return plan.counts;
      }
      await deadLetters.keep(plan.refused.map((record) => deadLetterOf(this.name, record)));
      for (const { logged } of plan.refused) kept.add(logged);
    }
  }

  async keepFrom(first: FirstDays): Promise<KeptDays> {
    return this.records.keepFrom(first);
  }

  async get(tenant: string, { producer, seq }: Identity): Promise<StoredRecord | undefined> {
    return this.records.rowAt(tenant, producer, seq);
  }

  async around(tenant: string, { producer, seq }: Identity, before: number, after: number): Promise<NeighbourRecords> {
    const rows = [...this.records.rowsOfProducer(tenant, producer)].sort((a, b) => a.seq - b.seq);
    const lower = rows.filter((row) => row.seq < seq);
    const higher = rows.filter((row) => row.seq > seq);
    return { before: before > 0 ? lower.slice(-before) : [], after: higher.slice(0, Math.max(after, 0)) };
  }

  async list(query: RecordQuery, limit: number, offset: number): Promise<AccessPage> {
    const found = [...foundRecords(this.recordsOf(query.tenant), query)]
      .filter(({ stored }) => stored.record.http)
      .map(({ stored }) => accessRecordOf(stored))
      .sort(compareNewestFirst);
    return { rows: found.slice(offset, offset + limit), total: found.length };
  }

  async busiest(selection: StatsSelection, grouping: StatsGrouping, size: number): Promise<BusiestGroups> {
    return this.records.tallies.busiest(selection, grouping, size);
  }

  async requests(
    selection: StatsSelection,
    stepMinutes: number | undefined,
    groups: readonly StatsGroup[] | undefined,
  ): Promise<RequestsCell[]> {
    return this.records.tallies.requests(selection, stepMinutes, groups);
  }

  async clients(
    selection: StatsSelection,
    stepMinutes: number | undefined,
    services: readonly string[] | undefined,
  ): Promise<ClientsCell[]> {
    return this.records.tallies.clients(selection, stepMinutes, services);
  }
}

function accessRecordOf(stored: StoredRecord): AccessRecord {
  const { clientIp = "", method = "", path = "", status = 0, latency } = stored.record.http ?? {};
  const latencyNanos = latency && durationToNanos(latency);
  return { ...sortKeyOf(stored), clientIp, method, path, status, latencyNanos };
}
