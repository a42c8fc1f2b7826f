import type { AccessPage, AccessQuery, AccessRecord } from "../../../ports/access-log.ts";
import { methodCondition } from "./method-condition.ts";
import { newestOfDay, newestRows, type RowPlace, recordDays, tenantNumber } from "./newest-rows.ts";
import { allOf, condition, type SqlCondition } from "./sql-condition.ts";
import { STILL_WANTED, type StoreReader } from "./store-reader.ts";
import { type TimeRange, timeRange } from "./time-range.ts";

/** Rows of a list and their count, as `AccessLog.list` promises them. */
export function listAccess(reader: StoreReader, query: AccessQuery, limit: number, offset: number): AccessPage {
  const range = timeRange(query.fromNanos, query.toNanos);
  const tenant = tenantNumber(reader, query.tenant);
  if (!range || tenant === undefined) return { rows: [], total: 0 };
  const size = Math.max(1, offset + limit);
  const counts = new Map<number, number>();
  const places = newestRows(reader, tenant, range, size, (day, ofDay) => {
    const found = newestOfDay(reader, day, conditions(query, tenant, ofDay), size);
    // Nothing of the day was left out, so it need not be gone through again to be counted.
    if (found.length < size && ofDay.from === range.from) counts.set(day, found.length);
    return found;
  });
  const total = recordDays(reader).reduce(
    (sum, day) => sum + (counts.get(day) ?? countOfDay(reader, day, conditions(query, tenant, range))),
    0,
  );
  return { rows: places.slice(offset, offset + limit).map((place) => accessRecordAt(reader, place)), total };
}

function countOfDay(reader: StoreReader, day: number, { text, values }: SqlCondition): number {
  const sql = `SELECT count(*) FROM records_${day} WHERE ${text} AND ${STILL_WANTED}`;
  return Number(reader.row(sql, ...values)![0]);
}

/** Text is compared byte by byte; for whole UTF-8 that is letter by letter. */
function conditions(query: AccessQuery, tenant: bigint, { from, to }: TimeRange): SqlCondition {
  const { clientIp, status, method, pathPart } = query;
  return allOf(
    condition("tenant = ?", tenant),
    condition("time_ns BETWEEN ? AND ?", from, to),
    condition("has_http = 1"),
    condition("status = ?", status),
    condition("client_ip = ?", clientIp === undefined ? undefined : Buffer.from(clientIp)),
    method === undefined ? undefined : methodCondition(method),
    condition("instr(path, ?) > 0", pathPart === undefined ? undefined : Buffer.from(pathPart)),
  );
}

/** Only what a list shows is read of each row, and only of the rows of the page. */
function accessRecordAt(reader: StoreReader, { day, id, producer, seq, timeNanos }: RowPlace): AccessRecord {
  reader.look();
  const sql = `SELECT client_ip, method, path, status, latency_ns FROM records_${day} WHERE id = ?`;
  const [clientIp, method, path, status, latency] = reader.row(sql, id)!;
  return {
    producer,
    seq,
    timeNanos,
    clientIp: textOf(clientIp as Uint8Array),
    method: textOf(method as Uint8Array),
    path: textOf(path as Uint8Array),
    status: Number(status),
    latencyNanos: latency === null ? undefined : BigInt(latency as bigint | string),
  };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}
