import type { RowDataPacket } from "mysql2/promise";
import { type Identity, producerDay } from "../../domain/identity.ts";
import { STORE_QUERY_MS_MAX } from "../../domain/limits.ts";
import type { StoredRecord } from "../../domain/stored-record.ts";
import type { LogLookup } from "../../ports/log-lookup.ts";
import type { MysqlConnections } from "./connections.ts";
import { STORED_COLUMNS, storedRecordOf } from "./stored-rows.ts";

/** Finds a record by its primary key. */
export class MysqlLogLookup implements LogLookup {
  private readonly connections: MysqlConnections;

  constructor(connections: MysqlConnections) {
    this.connections = connections;
  }

  async get(tenant: string, { producer, seq }: Identity, signal: AbortSignal): Promise<StoredRecord | undefined> {
    // The day names the one partition to look in.
    const where = "producer_day = ? AND tenant = ? AND producer = ? AND seq = ?";
    const sql = `SELECT ${STORED_COLUMNS.join(", ")} FROM records WHERE ${where}`;
    const key = [producerDay(producer), Buffer.from(tenant), Buffer.from(producer, "hex"), seq];
    const [rows] = await this.connections.use(
      (connection) => connection.query<RowDataPacket[]>(sql, key),
      STORE_QUERY_MS_MAX,
      signal,
    );
    return rows[0] && storedRecordOf(rows[0]);
  }

  check(): Promise<void> {
    return this.connections.check();
  }
}
