import { randomBytes } from "node:crypto";
import mysql from "mysql2/promise";
import { indexName } from "../../services/adapters/elasticsearch/index-template.ts";
import { ElasticsearchLogSink } from "../../services/adapters/elasticsearch/log-sink.ts";
import { MysqlLogSink } from "../../services/adapters/mysql/log-sink.ts";
import { systemClock } from "../../services/runtime/system-clock.ts";

/** An index template and a database of the floor's own, beside LogPulse's on the same servers. */
export interface FloorStores {
  indexPrefix: string;
  /** Of what producers of today store. */
  index: string;
  mysqlUrl: string;
  /** Deletes the database; the index goes with its server. */
  remove(): Promise<void>;
}

const DAY_MS = 86_400_000;

/** Made by LogPulse itself: mapping, settings, tables, keys and partitions are the same. */
export async function createFloorStores(elasticsearchUrl: string, serverMysqlUrl: string): Promise<FloorStores> {
  const name = `logpulse_floor_${randomBytes(5).toString("hex")}`;
  const mysqlUrl = Object.assign(new URL(serverMysqlUrl), { pathname: `/${name}` }).href;
  await run(serverMysqlUrl, `CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  const parts = { clock: systemClock, random: Math.random };
  const sinks = [
    new ElasticsearchLogSink({ url: elasticsearchUrl, indexPrefix: name, replicas: 0, ...parts }),
    new MysqlLogSink({ url: mysqlUrl, connectionsMax: 1, ...parts }),
  ];
  for (const sink of sinks) {
    await sink.prepare();
    await sink.close();
  }
  return {
    indexPrefix: name,
    index: indexName(name, Math.floor(Date.now() / DAY_MS)),
    mysqlUrl,
    remove: () => run(serverMysqlUrl, `DROP DATABASE ${name}`),
  };
}

async function run(url: string, statement: string): Promise<void> {
  const connection = await mysql.createConnection(url);
  await connection.query(statement);
  await connection.end();
}
