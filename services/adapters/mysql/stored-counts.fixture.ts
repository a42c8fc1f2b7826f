import type { Connection, RowDataPacket } from "mysql2/promise";

/** Records of a tenant by four ways of counting. */
export interface WaysOfCounting {
  records: number;
  minutes: number;
  latencies: number;
  series: number;
}

/** What every way of counting says of so many requests with a latency. */
export const everywhere = (n: number): WaysOfCounting => ({ records: n, minutes: n, latencies: n, series: n });

/** Counts the tenant's records in the table of records and in the rollups. */
export async function storedCounts(session: Connection, tenant: string): Promise<WaysOfCounting> {
  const first = async (sql: string): Promise<RowDataPacket> => {
    const [rows] = await session.query<RowDataPacket[]>(sql, [Buffer.from(tenant)]);
    return rows[0]!;
  };
  const records = await first("SELECT COUNT(*) AS n FROM records WHERE tenant = ?");
  const minutes = await first(
    "SELECT SUM(requests) AS n, SUM(latency_count) AS latencies FROM rollup_minutes WHERE tenant = ?",
  );
  const series = await first("SELECT SUM(requests) AS n FROM rollup_series WHERE tenant = ?");
  return {
    records: Number(records.n),
    minutes: Number(minutes.n),
    latencies: Number(minutes.latencies),
    series: Number(series.n),
  };
}
