import type { DropRule } from "../../domain/drop-rules.ts";
import { type LoggedBatch, type LoggedRecord, rejectedSeqs } from "../../domain/logged-batch.ts";
import { sameContent } from "../../domain/record-content.ts";
import type { DeadLetterReplay, ReplayOutcome } from "../../ports/dead-letter-replay.ts";
import type { ListedLetter } from "../../ports/dead-letter-table.ts";
import { replayedBatch } from "../../ports/replayed-batch.ts";
import { type MemoryRecords, refusalOf } from "./memory-records.ts";

/** Tries again to store in memory what was refused. Whoever calls it moves the letters' states. */
export class MemoryDeadLetterReplay implements DeadLetterReplay {
  readonly name = "memory";
  private readonly records: MemoryRecords;
  private readonly dropRules: readonly DropRule[];

  /** `dropRules`: for whole messages, which no worker has looked at yet. */
  constructor(records: MemoryRecords, dropRules: readonly DropRule[]) {
    this.records = records;
    this.dropRules = dropRules;
  }

  async replay(listed: ListedLetter): Promise<ReplayOutcome> {
    const { batch, refusal } = replayedBatch(listed, this.dropRules);
    if (!batch) return refusal;
    return this.records.isExpired(batch) ? { is: "expired" } : this.storeAgain(batch);
  }

  /** Whatever is settled: what has no record gets one, and is counted. What is refused stays as it was. */
  private storeAgain(batch: LoggedBatch): ReplayOutcome {
    const { ranges } = this.records.producerOf(batch);
    for (const seq of rejectedSeqs(batch)) ranges.add(seq, seq);
    const outcomes = batch.records.map((logged) => this.storeRecord(batch, logged));
    const refused = outcomes.find(({ is }) => is === "refused");
    return refused ?? outcomes.find(({ is }) => is === "stored") ?? { is: "already_stored" };
  }

  private storeRecord(batch: LoggedBatch, logged: LoggedRecord): ReplayOutcome {
    const { ranges, rows } = this.records.producerOf(batch);
    const { seq, bytes, dropped } = logged;
    const first = rows.get(seq);
    if (first && !sameContent(first.bytes, bytes)) {
      return { is: "refused", reason: "conflict", detail: "another record is stored under this identity" };
    }
    if (first || (dropped && ranges.contains(seq))) return { is: "already_stored" };
    const refusal = refusalOf(batch, logged);
    if (refusal) return { is: "refused", reason: refusal.reason, detail: refusal.detail };
    this.records.add(batch, [logged]);
    ranges.add(seq, seq);
    return { is: "stored" };
  }
}
