import type { PoolConnection } from "mysql2/promise";
import type { HttpRequest } from "../../../gen/logpulse/v1/log_record_pb.ts";
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

const COLUMNS = [
  "producer_day",
  "tenant",
  "producer",
  "seq",
  "time_ns",
  "received_ns",
  "severity",
  "severity_text",
  "service",
  "record",
  "content_hash",
  "has_http",
];
const HTTP_COLUMNS = ["client_ip", "method", "method_lower", "path", "status", "latency_ns"];
const AS_IT_WAS = "seq = records.seq"; // A row that is there already stays so.

const INSERT = new InsertStatement("records", [...COLUMNS, ...HTTP_COLUMNS], AS_IT_WAS);
/** For records without `http`, whose columns of that name are NULL: the server reads a third less for each. */
const INSERT_PLAIN = new InsertStatement("records", COLUMNS, AS_IT_WAS);

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
  const hasHttp = ({ logged }: BatchedRecord) => logged.record.http !== undefined;
  const refused: RefusedRecord[] = [];
  for (const [statement, some] of [
    [INSERT_PLAIN, records.filter((record) => !hasHttp(record))],
    [INSERT, records.filter(hasHttp)],
  ] as const) {
    for (let start = 0; start < some.length; start += RECORDS_AT_ONCE) {
      const together = some.slice(start, start + RECORDS_AT_ONCE);
      refused.push(...(await insertHalving(connection, statement, together)));
    }
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
async function insertHalving(
  connection: PoolConnection,
  statement: InsertStatement,
  records: readonly BatchedRecord[],
): Promise<RefusedRecord[]> {
  try {
    await statement.run(connection, rowsOf(records));
    return [];
  } catch (reason) {
    const error = dataErrorOf(reason);
    if (!error) throw reason;
    if (records.length === 1) return [{ ...records[0]!, ...error }];
  }
  const half = Math.ceil(records.length / 2);
  const first = await insertHalving(connection, statement, records.slice(0, half));
  return [...first, ...(await insertHalving(connection, statement, records.slice(half)))];
}

/** What the rows of one batch have in common. */
interface BatchValues {
  batch: LoggedBatch;
  tenant: Buffer;
  producer: Buffer;
  receivedNanos: string;
}

function rowsOf(records: readonly BatchedRecord[]): SqlValue[][] {
  let common: BatchValues | undefined;
  return records.map(({ batch, logged }) => {
    if (common?.batch !== batch) common = batchValues(batch);
    const { http } = logged.record;
    const row = rowOf(common, logged);
    if (http) row.push(...httpValues(http));
    return row;
  });
}

function batchValues(batch: LoggedBatch): BatchValues {
  const { tenant, producer, receivedNanos } = batch;
  return {
    batch,
    tenant: Buffer.from(tenant),
    producer: Buffer.from(producer, "hex"),
    receivedNanos: receivedNanos.toString(),
  };
}

function rowOf({ batch, tenant, producer, receivedNanos }: BatchValues, logged: LoggedRecord): SqlValue[] {
  const { record, bytes } = logged;
  return [
    batch.producerDay,
    tenant,
    producer,
    logged.seq,
    logged.timeNanos.toString(),
    receivedNanos,
    effectiveSeverity(record),
    Buffer.from(record.severityText),
    Buffer.from(record.service),
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
    contentHash(bytes),
    record.http ? 1 : 0,
  ];
}

function httpValues(http: HttpRequest): SqlValue[] {
  return [
    Buffer.from(http.clientIp),
    Buffer.from(http.method),
    lowerMethodBytes(http.method),
    Buffer.from(http.path),
    http.status,
    http.latency ? durationToNanos(http.latency).toString() : null,
  ];
}

/** Methods are found in any case: lower case on both sides, by the same rules here as in every other store. */
export function lowerMethodBytes(method: string): Buffer {
  return Buffer.from(method.toLowerCase());
}
