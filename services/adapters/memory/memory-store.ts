import { LogPulseError } from "../../domain/errors.ts";
import { type Identity, identityText } from "../../domain/identity.ts";
import { RECORD_BYTES_MAX, SETTLED_RANGES_PER_PRODUCER_MAX } from "../../domain/limits.ts";
import type { LoggedBatch, LoggedRecord } from "../../domain/logged-batch.ts";
import { durationToNanos } from "../../domain/record-time.ts";
import { deadLetterOf, type RefusedRecord } from "../../domain/refused-record.ts";
import { latencyMs } from "../../domain/rollup.ts";
import { SettledRanges, settleBatches } from "../../domain/settled-ranges.ts";
import { compareNewestFirst, type StoredRecord, sortKeyOf } from "../../domain/stored-record.ts";
import type { AccessLog, AccessPage, AccessQuery, AccessRecord } from "../../ports/access-log.ts";
import type { DeadLetters } from "../../ports/dead-letters.ts";
import type { LogLookup } from "../../ports/log-lookup.ts";
import { type LogSink, NO_COUNTS, type StoreCounts } from "../../ports/log-sink.ts";
import type { LatencyStats, LogStats, TrafficStats } from "../../ports/log-stats.ts";
import { MinuteTallies } from "./minute-tallies.ts";

/**
 * Everything a store has to do, in the memory of one process: for trying LogPulse and for tests. It keeps nothing
 * beyond the process and grows with every record.
 */
export class MemoryStore implements LogSink, LogLookup, AccessLog, LogStats {
  readonly name = "memory";
  /** By tenant, then by identity. */
  private readonly records = new Map<string, Map<string, StoredRecord>>();
  /** By tenant, then by producer. */
  private readonly ranges = new Map<string, Map<string, SettledRanges>>();
  private readonly tallies = new MinuteTallies();

  /** Everything stored for a tenant now, in the order in which it was stored. */
  recordsOf(tenant: string): Iterable<StoredRecord> {
    return this.records.get(tenant)?.values() ?? [];
  }

  async prepare(): Promise<void> {}

  async check(): Promise<void> {}

  async close(): Promise<void> {}

  async store(batches: readonly LoggedBatch[], deadLetters: DeadLetters, signal: AbortSignal): Promise<StoreCounts> {
    const kept = new Set<LoggedRecord>();
    for (;;) {
      if (signal.aborted) throw new LogPulseError("cancelled", "told to stop", { cause: signal.reason });
      const refused = batches.flatMap((batch) => this.refusedOf(batch)).filter(({ logged }) => !kept.has(logged));
      if (refused.length === 0) return this.settle(batches, kept); // Nothing is awaited: calls cannot mix.
      await deadLetters.keep(refused.map((record) => deadLetterOf(this.name, record)));
      for (const { logged } of refused) kept.add(logged);
    }
  }

  async get(tenant: string, { producer, seq }: Identity): Promise<StoredRecord | undefined> {
    return this.records.get(tenant)?.get(identityText(producer, seq));
  }

  async list(query: AccessQuery, limit: number, offset: number): Promise<AccessPage> {
    const found = [...this.recordsOf(query.tenant)]
      .filter((stored) => isFound(query, stored))
      .map(accessRecordOf)
      .sort(compareNewestFirst);
    return { rows: found.slice(offset, offset + limit), total: found.length };
  }

  async statuses(tenant: string, fromMinute: number, toMinute: number): Promise<Map<number, number>> {
    return this.tallies.sum(tenant, fromMinute, toMinute).tally.statuses;
  }

  async latency(tenant: string, fromMinute: number, toMinute: number): Promise<LatencyStats> {
    return latencyMs(this.tallies.sum(tenant, fromMinute, toMinute).tally);
  }

  async traffic(tenant: string, fromMinute: number, toMinute: number): Promise<TrafficStats> {
    const { tally, clients } = this.tallies.sum(tenant, fromMinute, toMinute);
    return { requests: tally.requests, uniqueIps: Math.round(clients.estimate()) };
  }

  /** What must become a dead letter: too long for any store, or come too late for a gap that was closed. */
  private refusedOf(batch: LoggedBatch): RefusedRecord[] {
    const ranges = this.rangesOf(batch);
    return batch.records.flatMap((logged) => {
      const refused = (reason: string, detail: string) => [{ batch, logged, reason, detail }];
      if (!logged.dropped && ranges.mayBeInClosedGap(logged.seq) && !this.has(batch, logged)) {
        return refused("gap_closed", `more than ${SETTLED_RANGES_PER_PRODUCER_MAX} ranges of seqs`);
      }
      if (logged.bytes.length <= RECORD_BYTES_MAX || ranges.contains(logged.seq)) return [];
      return refused("record_too_long", `${logged.bytes.length} bytes; at most ${RECORD_BYTES_MAX}`);
    });
  }

  private settle(batches: readonly LoggedBatch[], refused: ReadonlySet<LoggedRecord>): StoreCounts {
    const counts: StoreCounts = { ...NO_COUNTS };
    for (const { batch, fresh, settled, inClosedGap } of settleBatches(batches, (some) => this.rangesOf(some))) {
      const good = fresh.filter((logged) => !refused.has(logged));
      const stored = good.filter((logged) => !logged.dropped);
      for (const logged of stored) this.put(batch, logged);
      this.tallies.add(batch.tenant, good);
      const lost = inClosedGap.filter((logged) => refused.has(logged)).length;
      counts.stored += stored.length;
      counts.dropped += good.length - stored.length;
      counts.deadLettered += fresh.length - good.length + lost;
      counts.duplicate += settled + inClosedGap.length - lost;
      counts.rejected += batch.recordCount - batch.records.length;
    }
    for (const batch of batches) this.rangesOf(batch).closeGaps(SETTLED_RANGES_PER_PRODUCER_MAX);
    return counts;
  }

  private put({ tenant, producer, receivedNanos }: LoggedBatch, { seq, record }: LoggedRecord): void {
    const ofTenant = this.records.get(tenant) ?? new Map<string, StoredRecord>();
    this.records.set(tenant, ofTenant.set(identityText(producer, seq), { producer, seq, record, receivedNanos }));
  }

  private has({ tenant, producer }: LoggedBatch, { seq }: LoggedRecord): boolean {
    return this.records.get(tenant)?.has(identityText(producer, seq)) ?? false;
  }

  private rangesOf({ tenant, producer }: LoggedBatch): SettledRanges {
    const ofTenant = this.ranges.get(tenant) ?? new Map<string, SettledRanges>();
    this.ranges.set(tenant, ofTenant);
    const ranges = ofTenant.get(producer) ?? new SettledRanges();
    ofTenant.set(producer, ranges);
    return ranges;
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
