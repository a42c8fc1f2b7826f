import type { DropRule } from "../../../domain/drop-rules.ts";
import { LogPulseError } from "../../../domain/errors.ts";
import type { LoggedBatch } from "../../../domain/logged-batch.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { DeadLetterReplay, ReplayOutcome } from "../../../ports/dead-letter-replay.ts";
import type { ListedLetter } from "../../../ports/dead-letter-table.ts";
import { replayedBatch } from "../../../ports/replayed-batch.ts";
import { ContentComparison } from "./content-comparison.ts";
import { letterState, moveLetter } from "./dead-letter-rows.ts";
import { STORE_NAME } from "./log-sink.ts";
import { carryOutReplay, planReplay } from "./replay-plan.ts";
import type { StoreTables } from "./store-tables.ts";

/** Tries again to store what SQLite refused; the letter's state moves in the same transaction. */
export class SqliteDeadLetterReplay implements DeadLetterReplay {
  readonly name = STORE_NAME;
  private readonly tables: StoreTables;
  private readonly clock: Clock;
  private readonly dropRules: readonly DropRule[];

  /** `dropRules`: for whole messages, which no worker could look at. */
  constructor(tables: StoreTables, clock: Clock, dropRules: readonly DropRule[]) {
    this.tables = tables;
    this.clock = clock;
    this.dropRules = dropRules;
  }

  /** A letter that is no longer open changes nothing. */
  async replay(listed: ListedLetter, signal: AbortSignal): Promise<ReplayOutcome> {
    const { batch, refusal } = replayedBatch(listed, this.dropRules);
    if (refusal) return refusal;
    const comparison = new ContentComparison(this.tables, this.clock);
    for (;;) {
      if (signal.aborted) throw new LogPulseError("cancelled", "told to stop", { cause: signal.reason });
      const settled = this.settledBefore(listed.key, batch);
      if (settled) return settled;
      const plan = this.tables.read(() => planReplay(this.tables, batch, comparison));
      if (plan.unlike.length === 0) {
        return this.tables.transaction((database) => {
          const nowMs = this.clock.nowMs();
          const outcome = carryOutReplay(this.tables, batch, plan, nowMs);
          if (outcome.is !== "refused") moveLetter(database, listed.key, "stored", nowMs);
          return outcome;
        });
      }
      await comparison.compare(plan.unlike);
    }
  }

  /** What the letter's state or its day say, without a look at its records; undefined where they have to be stored. */
  private settledBefore(key: string, { producerDay }: LoggedBatch): ReplayOutcome | undefined {
    const { tables } = this;
    const state = tables.read((database) => letterState(database, key));
    if (state === "stored") return { is: "already_stored" };
    if (state !== "expired" && producerDay >= tables.read(() => tables.firstDay())) return undefined;
    tables.transaction((database) => moveLetter(database, key, "expired", this.clock.nowMs()));
    return { is: "expired" };
  }
}
