import type { DropRule } from "../../domain/drop-rules.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DeadLetterReplay, ReplayOutcome } from "../../ports/dead-letter-replay.ts";
import type { ListedLetter } from "../../ports/dead-letter-table.ts";
import { replayedBatch } from "../../ports/replayed-batch.ts";
import type { MysqlConnections } from "./connections.ts";
import { ContentComparison } from "./content-comparison.ts";
import { DayPartitions } from "./day-partitions.ts";
import { replayBatch } from "./replay-transaction.ts";
import { STORE_NAME } from "./settings.ts";

/** Tries again to store what MySQL refused; the letter's state moves in the same transaction. */
export class MysqlDeadLetterReplay implements DeadLetterReplay {
  readonly name = STORE_NAME;
  private readonly partitions: DayPartitions;
  private readonly clock: Clock;
  private readonly dropRules: readonly DropRule[];

  /** `dropRules`: for whole messages, which no worker could look at. */
  constructor(connections: MysqlConnections, clock: Clock, dropRules: readonly DropRule[]) {
    this.partitions = new DayPartitions(connections);
    this.clock = clock;
    this.dropRules = dropRules;
  }

  async replay(listed: ListedLetter, signal: AbortSignal): Promise<ReplayOutcome> {
    const { batch, refusal } = replayedBatch(listed, this.dropRules);
    if (refusal) return refusal;
    const comparison = new ContentComparison(this.clock);
    return this.partitions.transaction(
      [batch.producerDay],
      async (connection) => ({
        commit: true,
        value: await replayBatch(connection, listed.key, batch, this.clock.nowMs(), comparison),
      }),
      signal,
    );
  }
}
