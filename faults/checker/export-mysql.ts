import { fromBinary } from "@bufbuild/protobuf";
import type { RowDataPacket } from "mysql2";
import { LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import type { MysqlReader } from "./mysql-reader.ts";
import { type Content, contentOf } from "./record-content.ts";
import { dayOfProducer, type StoredCopy } from "./stored-copy.ts";

const COLUMNS =
  "producer_day, tenant, producer, seq, time_ns, received_ns, severity, severity_text, service, has_http, client_ip, " +
  "method, method_lower, path, status, latency_ns, record";

/** Every row of the table of records. */
export async function* exportMysql(reader: MysqlReader): AsyncGenerator<StoredCopy> {
  for await (const row of reader.rows(`SELECT ${COLUMNS} FROM records`)) yield copyOf(row);
}

function copyOf(row: RowDataPacket): StoredCopy {
  const producer = (row.producer as Buffer).toString("hex");
  const content = contentOf(fromBinary(LogRecordSchema, row.record as Buffer));
  const wrong = wrongColumn(row, content);
  const rightDay = Number(row.producer_day) === dayOfProducer(producer);
  return {
    tenant: (row.tenant as Buffer).toString(),
    producer,
    seq: Number(row.seq),
    content,
    timeNanos: BigInt(row.time_ns),
    receivedNanos: BigInt(row.received_ns),
    severity: Number(row.severity),
    flaw: rightDay ? wrong : `it is in the partition of day ${row.producer_day}`,
  };
}

/** What lists and filters go by must say the same as the record that is given back. */
function wrongColumn(row: RowDataPacket, { severityText, service, http }: Content): string | undefined {
  const pairs: [column: string, expected: string | null][] = [
    ["severity_text", severityText],
    ["service", service],
    ["has_http", http ? "1" : "0"],
    ["client_ip", http ? http.clientIp : null],
    ["method", http ? http.method : null],
    ["method_lower", http ? http.method.toLowerCase() : null],
    ["path", http ? http.path : null],
    ["status", http ? String(http.status) : null],
    ["latency_ns", http?.latencyNanos === undefined ? null : String(http.latencyNanos)],
  ];
  const wrong = pairs.find(([column, expected]) => textOf(row[column]) !== expected);
  return wrong && `its column ${wrong[0]} is ${String(textOf(row[wrong[0]])).slice(0, 100)}`;
}

function textOf(value: unknown): string | null {
  if (value === null) return null;
  return Buffer.isBuffer(value) ? value.toString() : String(value);
}
