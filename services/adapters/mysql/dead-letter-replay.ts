import { type DropRule, markDropped } from "../../domain/drop-rules.ts";
import { loggedBatchOfLetter } from "../../domain/letter-batch.ts";
import type { LoggedBatch } from "../../domain/logged-batch.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DeadLetterReplay, ReplayOutcome } from "../../ports/dead-letter-replay.ts";
import type { ListedLetter } from "../../ports/dead-letter-table.ts";
import type { MysqlConnections } from "./connections.ts";
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
    const { letter, originalBytes } = listed;
    const kept = letter.original.length;
    if (kept < originalBytes) {
      return refused("original_cut", `the first ${kept} of ${originalBytes} bytes are kept: the rest cannot be known`);
    }
    let batch: LoggedBatch;
    try {
      batch = loggedBatchOfLetter(letter);
    } catch (reason) {
      return refused("undecodable", reason instanceof Error ? reason.message : String(reason));
    }
    if (letter.id === "") markDropped(batch, this.dropRules);
    return this.partitions.transaction(
      [batch.producerDay],
      async (connection) => ({
        commit: true,
        value: await replayBatch(connection, listed.key, batch, this.clock.nowMs()),
      }),
      signal,
    );
  }
}

function refused(reason: string, detail: string): ReplayOutcome {
  return { is: "refused", reason, detail };
}
