import { fromBinary } from "@bufbuild/protobuf";
import { LogRecordSchema } from "../../../gen/logpulse/v1/log_record_pb.ts";
import { type Content, contentOf } from "../record-content.ts";
import { dayOfProducer, type StoredCopy } from "../stored-copy.ts";
import { bytesOf, hexOf, type SqliteReader, type SqliteRow } from "./sqlite-reader.ts";

/** One row of a day's records. */
export interface StoreRow {
  /** Of the table that it stands in. */
  day: number;
  id: number;
  /** The tenant's number. */
  tenant: number;
  copy: StoredCopy;
}

const COLUMNS =
  "id, tenant, producer, seq, time_ns, received_ns, severity, severity_text, service, has_http, client_ip, method, " +
  "path, status, latency_ns, record";

/** Days that have tables of records, ascending. */
export function recordDays(reader: SqliteReader): number[] {
  return [...reader.rows("SELECT day FROM record_days ORDER BY day")].map(({ day }) => Number(day));
}

/** The names of tenants by their number. */
export function tenantNames(reader: SqliteReader): Map<number, string> {
  const rows = [...reader.rows("SELECT id, name FROM tenants")];
  return new Map(rows.map(({ id, name }) => [Number(id), Buffer.from(bytesOf(name)).toString()]));
}

/** Every row of every day's records, by day and id. */
export function* storeRows(reader: SqliteReader): Generator<StoreRow> {
  const tenants = tenantNames(reader);
  for (const day of recordDays(reader)) {
    for (const row of reader.rows(`SELECT ${COLUMNS} FROM records_${day} ORDER BY id`)) {
      const tenant = Number(row.tenant);
      const name = tenants.get(tenant) ?? `of the unknown number ${tenant}`;
      yield { day, id: Number(row.id), tenant, copy: copyOf(row, day, name) };
    }
  }
}

function copyOf(row: SqliteRow, day: number, tenant: string): StoredCopy {
  const producer = hexOf(row.producer);
  const content = contentOf(fromBinary(LogRecordSchema, bytesOf(row.record)));
  const wrong = wrongColumn(row, content);
  return {
    ...{ tenant, producer, content, seq: Number(row.seq), severity: Number(row.severity) },
    timeNanos: BigInt(row.time_ns as bigint),
    receivedNanos: BigInt(row.received_ns as bigint),
    flaw: day === dayOfProducer(producer) ? wrong : `it is in the table of day ${day}`,
  };
}

/** What lists and filters go by must say the same as the record that is given back. */
function wrongColumn(row: SqliteRow, { severityText, service, http }: Content): string | undefined {
  const pairs: [column: string, expected: string | null][] = [
    ["severity_text", severityText],
    ["service", service],
    ["has_http", http ? "1" : "0"],
    ["client_ip", http ? http.clientIp : null],
    ["method", http ? http.method : null],
    ["path", http ? http.path : null],
    ["status", http ? String(http.status) : null],
    ["latency_ns", http?.latencyNanos === undefined ? null : String(http.latencyNanos)],
  ];
  const wrong = pairs.find(([column, expected]) => cellText(row[column]) !== expected);
  return wrong && `its column ${wrong[0]} is ${String(cellText(row[wrong[0]])).slice(0, 100)}`;
}

function cellText(value: SqliteRow[string] | undefined): string | null {
  if (value === null || value === undefined) return null;
  return value instanceof Uint8Array ? Buffer.from(value).toString() : String(value);
}
