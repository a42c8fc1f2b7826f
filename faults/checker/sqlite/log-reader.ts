import type { TopicMessage } from "../join-topic.ts";
import type { CountedProblem } from "../judge.ts";
import type { Samples } from "../samples.ts";
import { bytesOf, hexOf, SqliteReader } from "./sqlite-reader.ts";

/** Where a partition of the log begins and ends. */
export interface LogPartitionEnds {
  partition: number;
  /** All before this were trimmed away. */
  start: bigint;
  /** The offset that the next message will get. */
  end: bigint;
}

/** Reads the file of the log, which holds what is not trimmed yet. */
export class LogReader {
  readonly file: SqliteReader;
  /** 32 hexadecimal digits. */
  readonly logId: string;
  private readonly partitions: number;
  private gaps = 0;
  private wrongSizes = 0;

  constructor(path: string) {
    this.file = new SqliteReader(path);
    const state = this.file.row("SELECT log_id, partitions FROM log_state")!;
    this.logId = hexOf(state.log_id);
    this.partitions = Number(state.partitions);
  }

  ends(): LogPartitionEnds[] {
    return Array.from({ length: this.partitions }, (_, partition) => {
      const kept = this.kept(partition);
      const last = this.file.row(`SELECT max(offset) AS offset FROM messages_${partition}`)?.offset as bigint | null;
      const behind = last === null ? kept.start : last + 1n;
      return { partition, start: kept.start, end: behind > kept.leastNext ? behind : kept.leastNext };
    });
  }

  /** Every message that is there, and notes where offsets or the sums of bytes do not go on. */
  *messages(samples: Samples): Generator<TopicMessage> {
    for (let partition = 0; partition < this.partitions; partition++) {
      let { start: next, startBytes: bytes, leastNext } = this.kept(partition);
      for (const row of this.file.rows(`SELECT offset, end_bytes, batch FROM messages_${partition} ORDER BY offset`)) {
        const [offset, value] = [row.offset as bigint, bytesOf(row.batch)];
        // A log that has lost its end goes on at the offset that the store has told it.
        if (offset !== next && offset !== leastNext) {
          this.gaps++;
          samples.add("log", `behind ${next} of partition ${partition} the log goes on with ${offset}`);
        }
        bytes += BigInt(value.length);
        if (row.end_bytes !== bytes) {
          this.wrongSizes++;
          samples.add("log", `message ${partition}@${offset} should end at ${bytes} bytes, not at ${row.end_bytes}`);
          bytes = row.end_bytes as bigint;
        }
        next = offset + 1n;
        yield { partition, offset: String(offset), value };
      }
    }
  }

  /** After all messages were read. */
  problems(): CountedProblem[] {
    return [
      [this.gaps, "gaps between the messages of the log"],
      [this.wrongSizes, "messages of the log whose sum of bytes is wrong"],
    ];
  }

  close(): void {
    this.file.close();
  }

  private kept(partition: number): { start: bigint; startBytes: bigint; leastNext: bigint } {
    const row = this.file.row(`SELECT * FROM log_partitions WHERE log_partition = ${partition}`)!;
    const { start_offset, start_bytes, least_next_offset } = row as Record<string, bigint>;
    return { start: start_offset!, startBytes: start_bytes!, leastNext: least_next_offset! };
  }
}
