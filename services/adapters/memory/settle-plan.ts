import { SETTLED_RANGES_PER_PRODUCER_MAX } from "../../domain/limits.ts";
import type { LoggedBatch, LoggedRecord } from "../../domain/logged-batch.ts";
import { sameContent } from "../../domain/record-content.ts";
import type { RefusedRecord } from "../../domain/refused-record.ts";
import type { SettledRanges } from "../../domain/settled-ranges.ts";
import { NO_COUNTS, type StoreCounts } from "../../ports/log-sink.ts";
import { type MemoryProducer, type MemoryRecords, refusalOf } from "./memory-records.ts";

/** A producer as it will be: its ranges, and the bytes of what is to be stored under its seqs. */
interface Draft {
  ranges: SettledRanges;
  added: Map<number, Uint8Array>;
}

/**
 * What is to become of the batches of one call, found out batch by batch, seq by seq, without changing anything: letters
 * have to be kept before the first change.
 */
export class SettlePlan {
  readonly counts: StoreCounts = { ...NO_COUNTS };
  /** Those whose letters are not kept yet: with any of these the plan may not be carried out. */
  readonly refused: RefusedRecord[] = [];
  private readonly records: MemoryRecords;
  private readonly kept: ReadonlySet<LoggedRecord>;
  private readonly drafts = new Map<MemoryProducer, Draft>();
  private readonly good: [LoggedBatch, LoggedRecord[]][] = [];

  /** `kept`: refused records whose letters are kept. */
  constructor(records: MemoryRecords, batches: readonly LoggedBatch[], kept: ReadonlySet<LoggedRecord>) {
    this.records = records;
    this.kept = kept;
    for (const batch of batches) {
      if (records.isExpired(batch)) this.counts.expired += batch.recordCount;
      else this.settle(batch);
    }
  }

  /** Stores, counts and settles; at once after the plan was made. */
  carryOut(): void {
    for (const [batch, good] of this.good) this.records.add(batch, good);
    for (const [producer, { ranges }] of this.drafts) {
      ranges.closeGaps(SETTLED_RANGES_PER_PRODUCER_MAX);
      producer.ranges = ranges;
    }
  }

  private settle(batch: LoggedBatch): void {
    const producer = this.records.producerOf(batch);
    const draft = this.drafts.get(producer) ?? { ranges: producer.ranges.copy(), added: new Map() };
    this.drafts.set(producer, draft);
    const good = batch.records.filter((logged) => this.isGood(batch, logged, producer, draft));
    this.good.push([batch, good]);
    for (const { seq, bytes, dropped } of good) if (!dropped) draft.added.set(seq, bytes);
    if (batch.recordCount > 0) draft.ranges.add(batch.firstSeq, batch.firstSeq + batch.recordCount - 1);
    this.counts.rejected += batch.recordCount - batch.records.length;
  }

  /** True where the record counts: its seq is not settled, and no rule of every store's refuses it. */
  private isGood(batch: LoggedBatch, logged: LoggedRecord, producer: MemoryProducer, draft: Draft): boolean {
    const { seq, bytes, dropped } = logged;
    if (!draft.ranges.contains(seq)) {
      const refusal = refusalOf(batch, logged);
      if (refusal) this.refuse(refusal);
      else this.counts[dropped ? "dropped" : "stored"] += 1;
      return !refusal;
    }
    const first = draft.added.get(seq) ?? producer.rows.get(seq)?.bytes;
    if (first && !sameContent(first, bytes)) {
      this.refuse({ batch, logged, reason: "conflict", detail: "another record is stored under this identity" });
    } else if (!first && !dropped && producer.ranges.mayBeInClosedGap(seq)) {
      const detail = `the producer left more than ${SETTLED_RANGES_PER_PRODUCER_MAX} gaps between its seqs`;
      this.refuse({ batch, logged, reason: "gap_closed", detail });
    } else {
      this.counts.duplicate += 1;
    }
    return false;
  }

  private refuse(refused: RefusedRecord): void {
    if (this.kept.has(refused.logged)) this.counts.deadLettered += 1;
    else this.refused.push(refused);
  }
}
