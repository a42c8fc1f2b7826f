import type { RowDataPacket } from "mysql2/promise";
import { describe } from "vitest";
import { realServers } from "../../../tests/real-servers.ts";
import { SEVERITY_TEXT_BYTES_MAX } from "../../domain/limits.ts";
import { accessLogContract } from "../../ports/access-log.contract.ts";
import { logLookupContract } from "../../ports/log-lookup.contract.ts";
import { logSinkContract } from "../../ports/log-sink.contract.ts";
import { logStatsContract } from "../../ports/log-stats.contract.ts";
import { MysqlAccessLog } from "./access-log.ts";
import { MysqlConnections } from "./connections.ts";
import { MysqlLogLookup } from "./log-lookup.ts";
import { MysqlLogSink } from "./log-sink.ts";
import { MysqlLogStats } from "./log-stats.ts";
import { storedRecordOf } from "./stored-rows.ts";
import { makeTestDatabase } from "./test-database.ts";

const servers = realServers();

async function makeStore() {
  const database = await makeTestDatabase(servers!.mysqlUrl);
  const sink = new MysqlLogSink(database.settings);
  const connections = new MysqlConnections(database.settings);
  const close = async () => {
    await Promise.all([sink.close(), connections.close()]);
    await database.drop();
  };
  return { sink, connections, close };
}

async function rowsOf(connections: MysqlConnections, tenant: string) {
  const [rows] = await connections.use(
    (connection) => connection.query<RowDataPacket[]>("SELECT * FROM records WHERE tenant = ?", [Buffer.from(tenant)]),
    60_000,
    AbortSignal.timeout(60_000),
  );
  return rows.map(storedRecordOf);
}

describe.runIf(servers)("on a real server", () => {
  logSinkContract("mysql", async () => {
    const { sink, connections, close } = await makeStore();
    const refusedRecord = { message: "refused", severityText: "x".repeat(SEVERITY_TEXT_BYTES_MAX + 1) };
    return { sink, stored: (tenant) => rowsOf(connections, tenant), refusedRecord, close };
  });
  logLookupContract("mysql", async () => {
    const { sink, connections, close } = await makeStore();
    return { sink, lookup: new MysqlLogLookup(connections), close };
  });
  accessLogContract("mysql", async () => {
    const { sink, connections, close } = await makeStore();
    return { sink, accessLog: new MysqlAccessLog(connections), close };
  });
  logStatsContract("mysql", async () => {
    const { sink, connections, close } = await makeStore();
    return { sink, stats: new MysqlLogStats(connections), close };
  });
});
