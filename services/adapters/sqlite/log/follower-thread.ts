/** The entry of the thread that reads the log's file for tails. `SqliteEventLogFollower` starts it and calls its handlers. */
import { parentPort } from "node:worker_threads";
import { LogPulseError } from "../../../domain/errors.ts";
import { TAIL_FETCH_BYTES_MAX } from "../../../domain/limits.ts";
import { placeAtTime, receivedNanosOf } from "../../../domain/received-time.ts";
import type { LogMessage } from "../../../ports/event-log.ts";
import { answerCalls, type ThreadCall } from "../thread-calls.ts";
import { LogRows } from "./log-rows.ts";

let rows: LogRows | undefined;

/** The functions of the thread. Each throws `log_unavailable` where the file does not do what is asked. */
const handlers = {
  /** First of all. */
  open(_call: ThreadCall, path: string): void {
    rows = new LogRows(path);
  },

  /** By partition: the offset of the first message that is held. */
  starts(): bigint[] {
    return opened().starts();
  },

  /** The messages from `from` to before `end`: together about TAIL_FETCH_BYTES_MAX, at least one where there is one. */
  between(_call: ThreadCall, partition: number, from: bigint, end: bigint): LogMessage[] {
    return opened().between(partition, from, end, TAIL_FETCH_BYTES_MAX);
  },

  /** By partition, as EventLogFollower has it. `ends`: of the partitions. */
  placesAt(_call: ThreadCall, timeMs: number, ends: readonly bigint[]): bigint[] {
    const log = opened();
    return log.starts().map((start, partition) =>
      placeAtTime(timeMs, start, ends[partition]!, (offset) => {
        const [message] = log.between(partition, offset, ends[partition]!, 0);
        return message && { offset: message.offset, receivedNanos: receivedNanosOf(message.bytes) };
      }),
    );
  },
};

/** Its type, for those who call. */
export type FollowerThreadHandlers = typeof handlers;

answerCalls(parentPort!, handlers);

function opened(): LogRows {
  if (!rows) throw new LogPulseError("log_unavailable", "the log's file was not opened for tails");
  return rows;
}
