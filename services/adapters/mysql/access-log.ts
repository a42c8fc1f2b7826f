import type { RowDataPacket } from "mysql2/promise";
import { STORE_QUERY_MS_MAX } from "../../domain/limits.ts";
import type { AccessLog, AccessPage, AccessRecord } from "../../ports/access-log.ts";
import type { RecordQuery } from "../../ports/record-query.ts";
import { conditionSql, type SqlCondition } from "./condition-sql.ts";
import type { MysqlConnections } from "./connections.ts";
import { askWithin } from "./costly-query.ts";

/** The columns that `accessRecordOf` reads. */
const ACCESS_COLUMNS = ["producer", "seq", "time_ns", "client_ip", "method", "path", "status", "latency_ns"];

/** Lists rows that have `http` by the index on time. */
export class MysqlAccessLog implements AccessLog {
  private readonly connections: MysqlConnections;

  constructor(connections: MysqlConnections) {
    this.connections = connections;
  }

  async list(query: RecordQuery, limit: number, offset: number, signal: AbortSignal): Promise<AccessPage> {
    const { text, values } = conditions(query);
    const count = `SELECT COUNT(*) AS total FROM records WHERE ${text}`;
    const page = pageStatement(text);
    return askWithin(this.connections, STORE_QUERY_MS_MAX, signal, async (connection) => {
      const [[counted]] = await connection.query<RowDataPacket[]>(count, values);
      const total = Number(counted!.total);
      if (offset >= total || limit === 0) return { rows: [], total };
      const [rows] = await connection.query<RowDataPacket[]>(page, [...values, limit, offset]);
      return { rows: rows.map(accessRecordOf), total };
    });
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

/** The first three are those by which the index finds its entries. */
function conditions({ tenant, condition, startNanos, endNanos }: RecordQuery): SqlCondition {
  const asked = conditionSql(condition);
  const times: [text: string, time: bigint | undefined][] = [
    ["time_ns >= ?", startNanos],
    ["time_ns < ?", endNanos],
  ];
  const given = times.filter(([, time]) => time !== undefined);
  return {
    text: ["tenant = ?", "has_http = 1", ...given.map(([text]) => text), asked.text].join(" AND "),
    values: [Buffer.from(tenant), ...given.map(([, time]) => time), ...asked.values],
  };
}
