import type { RowDataPacket } from "mysql2/promise";
import { STORE_QUERY_MS_MAX } from "../../domain/limits.ts";
import type { AccessLog, AccessPage, AccessQuery, AccessRecord } from "../../ports/access-log.ts";
import type { MysqlConnections } from "./connections.ts";
import { lowerMethodBytes } from "./record-rows.ts";

/** The columns that `accessRecordOf` reads. */
const ACCESS_COLUMNS = ["producer", "seq", "time_ns", "client_ip", "method", "path", "status", "latency_ns"];

/** Lists rows that have `http` by the index on time. */
export class MysqlAccessLog implements AccessLog {
  private readonly connections: MysqlConnections;

  constructor(connections: MysqlConnections) {
    this.connections = connections;
  }

  async list(query: AccessQuery, limit: number, offset: number, signal: AbortSignal): Promise<AccessPage> {
    const { text, values } = conditions(query);
    const count = `SELECT COUNT(*) AS total FROM records WHERE ${text}`;
    const page = pageStatement(text);
    return this.connections.use(
      async (connection) => {
        const [[counted]] = await connection.query<RowDataPacket[]>(count, values);
        const total = Number(counted!.total);
        if (offset >= total || limit === 0) return { rows: [], total };
        const [rows] = await connection.query<RowDataPacket[]>(page, [...values, limit, offset]);
        return { rows: rows.map(accessRecordOf), total };
      },
      STORE_QUERY_MS_MAX,
      signal,
    );
  }
}

/**
 * The page's keys are found in the index alone, then their rows: a server that reads an index backwards looks up the row
 * of every entry before it looks at the conditions.
 */
function pageStatement(conditions: string): string {
  const order = (table: string) => `ORDER BY ${table}.time_ns DESC, ${table}.producer DESC, ${table}.seq DESC`;
  const keys =
    "SELECT producer_day, tenant, producer, seq FROM records " +
    `WHERE ${conditions} ${order("records")} LIMIT ? OFFSET ?`;
  const columns = ACCESS_COLUMNS.map((column) => `entry.${column}`).join(", ");
  const sameRow = ["producer_day", "tenant", "producer", "seq"].map((key) => `entry.${key} = found.${key}`);
  return (
    `SELECT ${columns} FROM (${keys}) AS found ` +
    `STRAIGHT_JOIN records AS entry ON ${sameRow.join(" AND ")} ${order("entry")}`
  );
}

function accessRecordOf(row: RowDataPacket): AccessRecord {
  return {
    producer: (row.producer as Buffer).toString("hex"),
    seq: Number(row.seq),
    timeNanos: BigInt(row.time_ns),
    clientIp: (row.client_ip as Buffer).toString(),
    method: (row.method as Buffer).toString(),
    path: (row.path as Buffer).toString(),
    status: Number(row.status),
    latencyNanos: row.latency_ns === null ? undefined : BigInt(row.latency_ns),
  };
}

/** Text goes as bytes and is compared byte by byte; for whole UTF-8 that is letter by letter. */
function conditions(query: AccessQuery): { text: string; values: unknown[] } {
  const all: [text: string, value: unknown][] = [
    ["tenant = ?", Buffer.from(query.tenant)],
    ["has_http = ?", 1],
    ["client_ip = ?", query.clientIp === undefined ? undefined : Buffer.from(query.clientIp)],
    ["status = ?", query.status],
    ["method_lower = ?", query.method === undefined ? undefined : lowerMethodBytes(query.method)],
    ["LOCATE(?, path) > 0", query.pathPart === undefined ? undefined : Buffer.from(query.pathPart)],
    ["time_ns >= ?", query.fromNanos],
    ["time_ns <= ?", query.toNanos],
  ];
  const given = all.filter(([, value]) => value !== undefined);
  return { text: given.map(([text]) => text).join(" AND "), values: given.map(([, value]) => value) };
}
