import { create, fromBinary, toJson } from "@bufbuild/protobuf";
import { type ListedDeadLetter, ListedDeadLetterSchema } from "../../gen/logpulse/v1/admin_service_pb.ts";
import type { DeadLetter } from "../../gen/logpulse/v1/dead_letter_pb.ts";
import { type LogRecord, LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { RECORD_BYTES_MAX } from "../domain/limits.ts";
import { msToNanos, nanosToTimestamp } from "../domain/record-time.ts";
import type { ListedLetter } from "../ports/dead-letter-table.ts";
import { stateInContract } from "./letter-conditions.ts";

/** A letter of the table in the contract's shape. */
export function listedDeadLetter(listed: ListedLetter): ListedDeadLetter {
  const { key, state, listedMs, changedMs, letter, originalBytes } = listed;
  return create(ListedDeadLetterSchema, {
    key,
    state: stateInContract(state),
    listedTime: nanosToTimestamp(msToNanos(listedMs)),
    changedTime: changedMs === undefined ? undefined : nanosToTimestamp(msToNanos(changedMs)),
    letter,
    originalBytes: BigInt(originalBytes),
    record: letter.original.length === originalBytes ? recordOf(letter) : undefined,
  });
}

/** The original as a record, where it is one that any caller can be shown. */
function recordOf({ id, original }: DeadLetter): LogRecord | undefined {
  if (id === "" || original.length > RECORD_BYTES_MAX) return undefined; // A whole message; or no record of ingest's.
  try {
    const record = fromBinary(LogRecordSchema, original);
    requireJson(record);
    return record;
  } catch {
    return undefined; // Its bytes are in the answer all the same.
  }
}

/** @throws Error for what has no JSON form: one such record would take the whole list from callers by REST. */
function requireJson(record: LogRecord): void {
  JSON.stringify(toJson(LogRecordSchema, record), (_key, value: unknown) => {
    if (typeof value === "number" && !Number.isFinite(value)) throw new Error("JSON has no such number");
    return value;
  });
}
