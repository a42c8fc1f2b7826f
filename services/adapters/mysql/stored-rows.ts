import { fromBinary } from "@bufbuild/protobuf";
import type { RowDataPacket } from "mysql2/promise";
import { LogRecordSchema } from "../../../gen/logpulse/v1/log_record_pb.ts";
import { nanosToTimestamp } from "../../domain/record-time.ts";
import type { StoredRecord } from "../../domain/stored-record.ts";

/** The columns that `storedRecordOf` reads. */
export const STORED_COLUMNS: readonly string[] = ["producer", "seq", "time_ns", "received_ns", "record"];

/** A row of `records` as the ports give it: decoded, the time filled in where the sender gave none. */
export function storedRecordOf(row: RowDataPacket): StoredRecord {
  const record = fromBinary(LogRecordSchema, row.record as Buffer);
  record.time ??= nanosToTimestamp(BigInt(row.time_ns));
  return {
    producer: (row.producer as Buffer).toString("hex"),
    seq: Number(row.seq),
    record,
    receivedNanos: BigInt(row.received_ns),
  };
}
