import type { PoolConnection } from "mysql2/promise";
import { HTTP_LONG_BYTES_MAX, RECORD_BYTES_MAX, SERVICE_BYTES_MAX } from "../../domain/limits.ts";
import type { LoggedBatch, LoggedRecord } from "../../domain/logged-batch.ts";
import { contentHash } from "../../domain/record-content.ts";
import { durationToNanos } from "../../domain/record-time.ts";
import type { RefusedRecord } from "../../domain/refused-record.ts";
import { effectiveSeverity } from "../../domain/severity.ts";
import { dataErrorOf } from "./errors.ts";
import { InsertStatement, type SqlValue } from "./insert-rows.ts";

/** A record and the batch it came in. */
export interface BatchedRecord {
  batch: LoggedBatch;
  logged: LoggedRecord;
}

const INSERT = new InsertStatement(
  "records",
  [
    "producer_day",
    "tenant",
    "producer",
    "seq",
    "time_ns",
    "received_ns",
    "severity",
    "severity_text",
    "service",
    "has_http",
    "client_ip",
    "method",
    "method_lower",
    "path",
    "status",
    "latency_ns",
    "record",
    "content_hash",
  ],
  "seq = records.seq", // A row that is there already stays as it is.
);

/** What became of records that were to be counted. */
export interface Inserted {
  /** Those that count: stored, or kept out by a drop rule. */
  good: BatchedRecord[];
  refused: RefusedRecord[];
}

const RECORDS_AT_ONCE = 256; // As many are looked through again where one of them is refused.

/** Inserts the records that no rule drops; those that the tables cannot hold are left out, each with its reason. */
export async function insertGood(connection: PoolConnection, records: readonly BatchedRecord[]): Promise<Inserted> {
  const plain = records.flatMap((record) => refusalOf(record) ?? []);
  const storable = without(records, plain);
  const toStore = storable.filter(({ logged }) => !logged.dropped);
  const byTable = await insertRecords(connection, toStore);
  return { good: without(storable, byTable), refused: [...plain, ...byTable] };
}

function without(records: readonly BatchedRecord[], refused: readonly RefusedRecord[]): BatchedRecord[] {
  const out = new Set(refused.map(({ logged }) => logged));
  return records.filter(({ logged }) => !out.has(logged));
}

async function insertRecords(connection: PoolConnection, records: readonly BatchedRecord[]): Promise<RefusedRecord[]> {
  const refused: RefusedRecord[] = [];
  for (let start = 0; start < records.length; start += RECORDS_AT_ONCE) {
    refused.push(...(await insertHalving(connection, records.slice(start, start + RECORDS_AT_ONCE))));
  }
  return refused;
}

/**
 * Why the tables cannot take a record, where that is plain to see: it would spoil the statements of its neighbours.
 * Ingest lets no such record through; somebody else may write to the topic.
 */
function refusalOf(record: BatchedRecord): RefusedRecord | undefined {
  const { logged } = record;
  const lengths: [reason: string, bytes: number, bytesMax: number][] = [
    ["record_too_long", logged.bytes.length, RECORD_BYTES_MAX],
    ["service_too_long", Buffer.byteLength(logged.record.service), SERVICE_BYTES_MAX],
    ["path_too_long", Buffer.byteLength(logged.record.http?.path ?? ""), HTTP_LONG_BYTES_MAX],
  ];
  const over = lengths.find(([, bytes, bytesMax]) => bytes > bytesMax);
  return over && { ...record, reason: over[0], detail: `${over[1]} bytes; at most ${over[2]}` };
}

/** An error of a row undoes its statement only: the halves are tried again in the same transaction. */
async function insertHalving(connection: PoolConnection, records: readonly BatchedRecord[]): Promise<RefusedRecord[]> {
  try {
    await INSERT.run(connection, records.map(rowOf));
    return [];
  } catch (reason) {
    const error = dataErrorOf(reason);
    if (!error) throw reason;
    if (records.length === 1) return [{ ...records[0]!, ...error }];
  }
  const half = Math.ceil(records.length / 2);
  const first = await insertHalving(connection, records.slice(0, half));
  return [...first, ...(await insertHalving(connection, records.slice(half)))];
}

function rowOf({ batch, logged }: BatchedRecord): SqlValue[] {
  const { record } = logged;
  const { http } = record;
  return [
    batch.producerDay,
    Buffer.from(batch.tenant),
    Buffer.from(batch.producer, "hex"),
    logged.seq,
    logged.timeNanos.toString(),
    batch.receivedNanos.toString(),
    effectiveSeverity(record),
    Buffer.from(record.severityText),
    Buffer.from(record.service),
    http ? 1 : 0,
    http ? Buffer.from(http.clientIp) : null,
    http ? Buffer.from(http.method) : null,
    http ? lowerMethodBytes(http.method) : null,
    http ? Buffer.from(http.path) : null,
    http ? http.status : null,
    http?.latency ? durationToNanos(http.latency).toString() : null,
    Buffer.from(logged.bytes.buffer, logged.bytes.byteOffset, logged.bytes.length),
    contentHash(logged.bytes),
  ];
}

/** Methods are found in any case: lower case on both sides, by the same rules here as in every other store. */
export function lowerMethodBytes(method: string): Buffer {
  return Buffer.from(method.toLowerCase());
}
