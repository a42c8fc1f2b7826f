import { randomBytes } from "node:crypto";
import { join } from "node:path";
import mysql from "mysql2/promise";
import { renderEnvoy } from "../envoy/render.ts";
import { startEnvoy } from "../stack/envoy.ts";
import { freePort } from "../stack/free-port.ts";
import { logpulseRoles, type Role, type RolePorts, startRole } from "../stack/roles.ts";
import type { RunningServer } from "../stack/server-process.ts";
import type { RealServers } from "./real-servers.ts";

/** All roles of the full mode and Envoy before them, on real servers, under names of their own. */
export interface FullMode {
  /** host:port of Envoy: REST, gRPC, Connect. */
  address: string;
  /** http://host:port of Envoy. */
  url: string;
  /** Where this installation keeps its data. */
  names: { topicPrefix: string; indexPrefix: string; mysqlUrl: string; redisPrefix: string };
  /** By name: ingest-1, ingest-2, ingest-3, worker-elasticsearch, worker-mysql, query, stats. */
  roles: ReadonlyMap<string, RunningServer>;
  envoy: RunningServer;
  /** Ends everything that was started and deletes the database. */
  stop(): Promise<void>;
}

/**
 * Starts three ingest, a worker for each store, query, stats and Envoy; resolves when all are ready and Envoy knows it.
 *
 * `settings`: variables of all roles, as services/config.ts knows them. `changed`: gives each role as it is to be
 * started, for tests that start one of them otherwise.
 */
export async function startFullMode(
  servers: RealServers,
  settings: Record<string, string> = {},
  changed: (role: Role) => Role = (role) => role,
): Promise<FullMode> {
  const unique = `t${randomBytes(5).toString("hex")}`;
  const mysqlUrl = await createDatabase(servers.mysqlUrl, `logpulse_${unique}`);
  const names = { topicPrefix: unique, indexPrefix: `${unique}-records`, mysqlUrl, redisPrefix: unique };
  const ports = await freePorts();
  const descriptions = logpulseRoles(
    {
      kafka: servers.kafkaBrokers.join(","),
      elasticsearchUrl: servers.elasticsearchUrl,
      mysqlUrl,
      redisUrl: servers.redisUrl,
    },
    ports,
    {
      KAFKA_TOPIC_PREFIX: names.topicPrefix,
      ELASTICSEARCH_INDEX_PREFIX: names.indexPrefix,
      REDIS_PREFIX: names.redisPrefix,
      ...settings,
    },
  );
  const started = await Promise.allSettled(descriptions.map((role) => startRole(changed(role))));
  const running = started.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
  const stopRoles = async () => {
    await Promise.all(running.map((role) => role.remove()));
    await dropDatabase(servers.mysqlUrl, `logpulse_${unique}`);
  };
  const failed = started.find((start) => start.status === "rejected");
  if (failed) {
    await stopRoles();
    throw failed.reason;
  }
  const envoy = await startDoor(ports);
  await untilReady(envoy.address);
  return {
    address: envoy.address,
    url: `http://${envoy.address}`,
    names,
    roles: new Map(running.map((role) => [role.name, role])),
    envoy,
    async stop() {
      await envoy.remove();
      await stopRoles();
    },
  };
}

async function freePorts(): Promise<RolePorts> {
  const port = () => freePort();
  return {
    ingest: [await port(), await port(), await port()],
    workerElasticsearch: await port(),
    workerMysql: await port(),
    query: await port(),
    stats: await port(),
  } as unknown as RolePorts;
}

async function startDoor(ports: RolePorts): Promise<RunningServer> {
  const [port, adminPort] = [await freePort(), await freePort()];
  const at = (rolePort: number) => `127.0.0.1:${rolePort}`;
  const yaml = renderEnvoy({
    listenPort: port,
    adminPort,
    ingest: ports.ingest.map(at),
    query: [at(ports.query)],
    stats: [at(ports.stats)],
    worker: [at(ports.workerElasticsearch), at(ports.workerMysql)],
    descriptorPath: join(import.meta.dirname, "..", "gen", "logpulse.binpb"),
  });
  return startEnvoy({ config: { yaml }, port, adminPort });
}

/** Envoy looks at the roles' health once a second. */
async function untilReady(address: string): Promise<void> {
  const routes = ["/ping", "/stats", "/v1/deadLetters"];
  const endMs = Date.now() + 20_000;
  for (;;) {
    const statuses = await Promise.all(routes.map((route) => statusOf(`http://${address}${route}`)));
    const upload = await statusOf(`http://${address}/upload`, { method: "POST", body: "[]" });
    if ([...statuses, upload].every((status) => status === 200)) return;
    if (Date.now() > endMs)
      throw new Error(`Envoy does not serve yet: ${routes} answer ${statuses}, /upload ${upload}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function statusOf(url: string, init: RequestInit = {}): Promise<number> {
  try {
    const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(2_000) });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return 0;
  }
}

async function createDatabase(url: string, database: string): Promise<string> {
  await asUser(url, `CREATE DATABASE ${database} CHARACTER SET utf8mb4`);
  return Object.assign(new URL(url), { pathname: `/${database}` }).href;
}

async function dropDatabase(url: string, database: string): Promise<void> {
  await asUser(url, `DROP DATABASE ${database}`);
}

async function asUser(url: string, statement: string): Promise<void> {
  const connection = await mysql.createConnection(url);
  await connection.query(statement);
  await connection.end();
}
