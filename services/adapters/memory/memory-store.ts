import { LogPulseError } from "../../domain/errors.ts";
import type { Identity } from "../../domain/identity.ts";
import type { LoggedBatch, LoggedRecord } from "../../domain/logged-batch.ts";
import { durationToNanos } from "../../domain/record-time.ts";
import { deadLetterOf } from "../../domain/refused-record.ts";
import { latencyMs } from "../../domain/rollup.ts";
import { compareNewestFirst, type StoredRecord, sortKeyOf } from "../../domain/stored-record.ts";
import type { AccessLog, AccessPage, AccessQuery, AccessRecord } from "../../ports/access-log.ts";
import type { DeadLetters } from "../../ports/dead-letters.ts";
import type { LogLookup } from "../../ports/log-lookup.ts";
import type { LogSink, StoreCounts } from "../../ports/log-sink.ts";
import type { LatencyStats, LogStats, TrafficStats } from "../../ports/log-stats.ts";
import type { FirstDays, KeptDays, Retention } from "../../ports/retention.ts";
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

  async list(query: AccessQuery, limit: number, offset: number): Promise<AccessPage> {
    const found = [...this.recordsOf(query.tenant)]
      .filter((stored) => isFound(query, stored))
      .map(accessRecordOf)
      .sort(compareNewestFirst);
    return { rows: found.slice(offset, offset + limit), total: found.length };
  }

  async statuses(tenant: string, fromMinute: number, toMinute: number): Promise<Map<number, number>> {
    return this.records.tallies.sum(tenant, fromMinute, toMinute).tally.statuses;
  }

  async latency(tenant: string, fromMinute: number, toMinute: number): Promise<LatencyStats> {
    return latencyMs(this.records.tallies.sum(tenant, fromMinute, toMinute).tally);
  }

  async traffic(tenant: string, fromMinute: number, toMinute: number): Promise<TrafficStats> {
    const { tally, clients } = this.records.tallies.sum(tenant, fromMinute, toMinute);
    return { requests: tally.requests, uniqueIps: Math.round(clients.estimate()) };
  }
}

function accessRecordOf(stored: StoredRecord): AccessRecord {
  const { clientIp = "", method = "", path = "", status = 0, latency } = stored.record.http ?? {};
  const latencyNanos = latency && durationToNanos(latency);
  return { ...sortKeyOf(stored), clientIp, method, path, status, latencyNanos };
}

/** Letters are compared one by one, as they were sent; only the method in any case. */
function isFound(query: AccessQuery, stored: StoredRecord): boolean {
  const { http } = stored.record;
  if (!http) return false;
  const { timeNanos } = sortKeyOf(stored);
  return (
    (query.clientIp === undefined || http.clientIp === query.clientIp) &&
    (query.status === undefined || http.status === query.status) &&
    (query.method === undefined || http.method.toLowerCase() === query.method.toLowerCase()) &&
    (query.pathPart === undefined || http.path.includes(query.pathPart)) &&
    (query.fromNanos === undefined || timeNanos >= query.fromNanos) &&
    (query.toNanos === undefined || timeNanos <= query.toNanos)
  );
}
