import type { Connection as CoreConnection } from "mysql2";
import type { PoolConnection, RowDataPacket } from "mysql2/promise";
import { type Identity, producerDay } from "../../domain/identity.ts";
import { SEARCH_PAGE_BYTES_MAX, STORE_QUERY_MS_MAX } from "../../domain/limits.ts";
import type { StoredRecord } from "../../domain/stored-record.ts";
import type { LogLookup, NeighbourRecords } from "../../ports/log-lookup.ts";
import type { MysqlConnections } from "./connections.ts";
import { STORED_COLUMNS, storedRecordOf } from "./stored-rows.ts";

/** Finds records by their primary key. */
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

  async around(
    tenant: string,
    { producer, seq }: Identity,
    before: number,
    after: number,
    signal: AbortSignal,
  ): Promise<NeighbourRecords> {
    const key = [producerDay(producer), Buffer.from(tenant), Buffer.from(producer, "hex"), seq];
    const ask = async (connection: PoolConnection, side: string, count: number): Promise<StoredRecord[]> => {
      if (count <= 0) return [];
      const sql =
        `SELECT ${STORED_COLUMNS.join(", ")} FROM records ` +
        `WHERE producer_day = ? AND tenant = ? AND producer = ? AND seq ${side} LIMIT ?`;
      // The promise interface gathers all rows; the connection below it, which its types do not show, streams them.
      const rows = (connection.connection as unknown as CoreConnection).query(sql, [...key, count]).stream();
      const found: StoredRecord[] = [];
      let bytes = 0;
      for await (const row of rows) {
        // The rest is read away, so that the connection can be used again.
        if (bytes > SEARCH_PAGE_BYTES_MAX) continue;
        bytes += ((row as RowDataPacket).record as Buffer).length;
        found.push(storedRecordOf(row as RowDataPacket));
      }
      return found;
    };
    return this.connections.use(
      async (connection) => ({
        before: (await ask(connection, "< ? ORDER BY seq DESC", before)).reverse(),
        after: await ask(connection, "> ? ORDER BY seq", after),
      }),
      STORE_QUERY_MS_MAX,
      signal,
    );
  }

  check(): Promise<void> {
    return this.connections.check();
  }
}
