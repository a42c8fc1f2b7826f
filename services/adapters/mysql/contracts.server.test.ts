import { setTimeout as sleep } from "node:timers/promises";
import type { RowDataPacket } from "mysql2/promise";
import { describe } from "vitest";
import type { DeadLetter } from "../../../gen/logpulse/v1/dead_letter_pb.ts";
import { realServers } from "../../../tests/real-servers.ts";
import { letterKeyText } from "../../domain/dead-letter-key.ts";
import { DEAD_LETTER_BYTES_MAX, SEVERITY_TEXT_BYTES_MAX } from "../../domain/limits.ts";
import { accessLogContract } from "../../ports/access-log.contract.ts";
import { deadLetterReplayContract } from "../../ports/dead-letter-replay.contract.ts";
import { deadLetterTableContract } from "../../ports/dead-letter-table.contract.ts";
import type { LetterState, ListedLetter } from "../../ports/dead-letter-table.ts";
import { type HourSumsHarness, hourSumsContract } from "../../ports/hour-sums.contract.ts";
import { logLookupContract } from "../../ports/log-lookup.contract.ts";
import { logSinkContract } from "../../ports/log-sink.contract.ts";
import { logStatsContract } from "../../ports/log-stats.contract.ts";
import { retentionContract } from "../../ports/retention.contract.ts";
import { MysqlAccessLog } from "./access-log.ts";
import { MysqlConnections } from "./connections.ts";
import { MysqlDeadLetterReplay } from "./dead-letter-replay.ts";
import { MysqlDeadLetterTable } from "./dead-letter-table.ts";
import { MysqlHourSums } from "./hour-sums.ts";
import { MysqlLogLookup } from "./log-lookup.ts";
import { MysqlLogSink } from "./log-sink.ts";
import { MysqlLogStats } from "./log-stats.ts";
import { MysqlRetention } from "./retention.ts";
import { storedRecordOf } from "./stored-rows.ts";
import { makeTestDatabase } from "./test-database.ts";

const servers = realServers();
const signal = AbortSignal.timeout(600_000);

async function makeStore() {
  const database = await makeTestDatabase(servers!.mysqlUrl);
  const { clock } = database.settings;
  const sink = new MysqlLogSink(database.settings);
  const connections = new MysqlConnections(database.settings);
  const close = async () => {
    await Promise.all([sink.close(), connections.close()]);
    await database.drop();
  };
  return { sink, connections, clock, close };
}

async function makeHarness() {
  const { sink, connections, clock, close } = await makeStore();
  return {
    sink,
    stored: async (tenant: string) =>
      (await rowsOf(connections, "SELECT * FROM records WHERE tenant = ?", Buffer.from(tenant))).map(storedRecordOf),
    retention: new MysqlRetention(connections),
    stats: new MysqlLogStats(connections),
    judgesConflicts: true,
    refusedRecord: { message: "refused", severityText: "x".repeat(SEVERITY_TEXT_BYTES_MAX + 1) },
    connections,
    clock,
    close,
  };
}

/** The clock of the sink and of the sums stands still until it is moved forward. */
async function makeHourSums(): Promise<HourSumsHarness> {
  const database = await makeTestDatabase(servers!.mysqlUrl);
  let nowMs = Date.now();
  const clock = { ...database.settings.clock, nowMs: () => nowMs };
  const sink = new MysqlLogSink({ ...database.settings, clock });
  const connections = new MysqlConnections(database.settings);
  const summedUp = async (tenant: string) => {
    const sql =
      "SELECT hour FROM rollup_hour_states WHERE tenant = ? GROUP BY hour HAVING MIN(state) = 1 AND MAX(state) = 1";
    return (await rowsOf(connections, sql, Buffer.from(tenant))).length;
  };
  return {
    hourSums: new MysqlHourSums(connections, clock),
    sink,
    stats: new MysqlLogStats(connections),
    retention: new MysqlRetention(connections),
    pass: async (ms) => {
      nowMs += ms;
    },
    summedUp,
    close: async () => {
      await Promise.all([sink.close(), connections.close()]);
      await database.drop();
    },
  };
}

async function rowsOf(connections: MysqlConnections, sql: string, ...values: unknown[]): Promise<RowDataPacket[]> {
  const [rows] = await connections.use(
    (connection) => connection.query<RowDataPacket[]>(sql, values),
    60_000,
    AbortSignal.timeout(60_000),
  );
  return rows;
}

describe.runIf(servers)("on a real server", () => {
  logSinkContract("mysql", makeHarness);
  retentionContract("mysql", makeHarness);
  deadLetterReplayContract("mysql", async () => {
    const harness = await makeHarness();
    const { connections, clock } = harness;
    const table = new MysqlDeadLetterTable(connections, clock);
    const listed = async (letter: DeadLetter): Promise<ListedLetter> => {
      await table.fill([letter], signal);
      const query = { tenant: letter.tenant, key: letterKeyText(letter) };
      const [found] = await table.list(query, { limit: 1, originalBytesMax: DEAD_LETTER_BYTES_MAX }, signal);
      return found!;
    };
    const stateOf = async (key: string): Promise<LetterState> => {
      const sql = "SELECT state FROM dead_letters WHERE letter_key = ?";
      const [row] = await rowsOf(connections, sql, Buffer.from(key, "hex"));
      return String(row?.state) as LetterState;
    };
    return { ...harness, replay: new MysqlDeadLetterReplay(connections, clock, []), listed, stateOf };
  });
  deadLetterTableContract("mysql", async () => {
    const { connections, clock, close } = await makeStore();
    return { table: new MysqlDeadLetterTable(connections, clock), pass: sleep, close };
  });
  logLookupContract("mysql", async () => {
    const { sink, connections, close } = await makeStore();
    return { sink, lookup: new MysqlLogLookup(connections), close };
  });
  accessLogContract("mysql", async () => {
    const { sink, connections, close } = await makeStore();
    return { sink, accessLog: new MysqlAccessLog(connections), close };
  });
  hourSumsContract("mysql", makeHourSums);
  logStatsContract("mysql", async () => {
    const { sink, connections, close } = await makeStore();
    return { sink, stats: new MysqlLogStats(connections), close };
  });
});
