import type { DatabaseSync, StatementSync } from "node:sqlite";
import { FETCH_BYTES_PER_PARTITION_MAX } from "../../../domain/limits.ts";
import type { LogMessage } from "../../../ports/event-log.ts";
import { toLogError } from "../errors.ts";
import { type LogState, openLogForReading } from "./log-schema.ts";

/** Reads messages of the log's file, through a connection of its own that cannot write. */
export class LogRows {
  readonly state: LogState;
  private readonly database: DatabaseSync;
  private readonly selections: readonly StatementSync[];
  private readonly startSelection: StatementSync;

  /** @throws LogPulseError `log_unavailable`, or `bug` where the file is not a log of this version. */
  constructor(path: string) {
    try {
      const { database, state } = openLogForReading(path);
      this.database = database;
      this.state = state;
      this.selections = Array.from({ length: state.partitions }, (_, partition) => selection(database, partition));
      this.startSelection = database.prepare("SELECT start_offset FROM log_partitions ORDER BY log_partition");
      this.startSelection.setReadBigInts(true);
    } catch (reason) {
      throw toLogError(reason);
    }
  }

  /**
   * The messages from `from` to before `end`, as many as one delivery may hold unless `bytesMax` is given; at least one
   * where there is one.
   *
   * @throws LogPulseError `log_unavailable`.
   */
  between(partition: number, from: bigint, end: bigint, bytesMax = FETCH_BYTES_PER_PARTITION_MAX): LogMessage[] {
    const found: LogMessage[] = [];
    let room = bytesMax;
    try {
      for (const row of this.selections[partition]!.iterate(from, end)) {
        const [offset, bytes] = row as unknown as [bigint, Uint8Array];
        room -= bytes.length;
        if (found.length > 0 && room < 0) break;
        found.push({ partition, offset, bytes });
      }
    } catch (reason) {
      if (found.length === 0) throw toLogError(reason); // Otherwise what stands before that place comes first.
    }
    return found;
  }

  /** By partition: the offset behind everything that was trimmed away. @throws LogPulseError `log_unavailable`. */
  starts(): bigint[] {
    try {
      return this.startSelection.all().map((row) => (row as { start_offset: bigint }).start_offset);
    } catch (reason) {
      throw toLogError(reason);
    }
  }

  close(): void {
    this.database.close();
  }
}

function selection(database: DatabaseSync, partition: number): StatementSync {
  const statement = database.prepare(
    `SELECT offset, batch FROM messages_${partition} WHERE offset >= ? AND offset < ? ORDER BY offset`,
  );
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  return statement;
}
