import { randomBytes } from "node:crypto";
import { join } from "node:path";
import mysql from "mysql2/promise";
import { renderEnvoy } from "../envoy/render.ts";
import { type RunningEnvoy, startEnvoy } from "../stack/envoy.ts";
import { freePort } from "../stack/free-port.ts";
import { logpulseRoles, type Role, type RolePorts, startRole } from "../stack/roles.ts";
import type { RunningServer } from "../stack/server-process.ts";
import { waitUntil } from "../stack/wait.ts";
import type { RealServers } from "./real-servers.ts";

const ENVOY_ENDS_AFTER_S = 7; // Once another one has taken its place.

/** All roles of the full mode and Envoy before them, on real servers, under names of their own. */
export interface FullMode {
  /** host:port of Envoy: REST, gRPC, Connect. */
  address: string;
  /** http://host:port of Envoy. */
  url: string;
  /** Where this installation keeps its data. */
  names: { topicPrefix: string; indexPrefix: string; mysqlUrl: string; redisPrefix: string };
  /** By name: ingest-1, ingest-2, ingest-3, worker-elasticsearch, worker-mysql, query, stats; query-1 where it has replicas. */
  roles: ReadonlyMap<string, RunningServer>;
  /** The one that was started last. */
  readonly envoy: RunningEnvoy;
  /** Starts another Envoy, which takes the port over; resolves when the one before has drained and ended. `envoyIsReplaced` only. */
  replaceEnvoy(): Promise<void>;
  /** Ends everything that was started and deletes the database. */
  stop(): Promise<void>;
}

/** What is started. */
export interface Shape {
  ingestReplicas: number;
  /** Of every other role, and of the worker of each store. */
  otherReplicas: number;
  /** Whether another Envoy can take the place of the running one. */
  envoyIsReplaced: boolean;
}

/**
 * Starts three ingest, a worker for each store, query, stats and Envoy; resolves when all are ready and Envoy knows it.
 * Processes that are stopped give no notice, unless `settings` say so: nearly all of them stop because a test is over.
 *
 * `settings`: variables of all roles, as services/config.ts knows them. `changed`: gives each role as it is to be
 * started, for tests that start one of them otherwise.
 */
export async function startFullMode(
  servers: RealServers,
  settings: Record<string, string> = {},
  changed: (role: Role) => Role = (role) => role,
  shape: Shape = { ingestReplicas: 3, otherReplicas: 1, envoyIsReplaced: false },
): Promise<FullMode> {
  const unique = `t${randomBytes(5).toString("hex")}`;
  const mysqlUrl = await createDatabase(servers.mysqlUrl, `logpulse_${unique}`);
  const names = { topicPrefix: unique, indexPrefix: `${unique}-records`, mysqlUrl, redisPrefix: unique };
  const ports = await freePorts(shape);
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
      LOGPULSE_STOP_NOTICE_MS: "0",
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
  const openDoor = await makeDoor(ports, shape.envoyIsReplaced);
  const envoys = [await openDoor(0)];
  const { address, url } = envoys[0]!;
  await untilReady(address);
  return {
    address,
    url,
    names,
    roles: new Map(running.map((role) => [role.name, role])),
    get envoy() {
      return envoys.at(-1)!;
    },
    async replaceEnvoy() {
      const before = envoys.at(-1)!;
      envoys.push(await openDoor(envoys.length));
      const isOver = await waitUntil(() => !before.alive(), 2_000 * ENVOY_ENDS_AFTER_S);
      if (!isOver) throw new Error("Envoy did not end, although another one has taken its place");
    },
    async stop() {
      for (const envoy of envoys) await envoy.remove();
      await stopRoles();
    },
  };
}

async function freePorts({ ingestReplicas, otherReplicas }: Shape): Promise<RolePorts> {
  const several = (count: number) => Promise.all(Array.from({ length: count }, () => freePort()));
  const ports = async () => (otherReplicas === 1 ? freePort() : several(otherReplicas));
  return {
    ingest: await several(ingestReplicas),
    workerElasticsearch: await ports(),
    workerMysql: await ports(),
    query: await ports(),
    stats: await ports(),
  };
}

/** Gives what starts one Envoy after the other on one port, each with an admin port of its own. */
async function makeDoor(ports: RolePorts, isReplaced: boolean): Promise<(epoch: number) => Promise<RunningEnvoy>> {
  const port = await freePort();
  const at = (...rolePorts: RolePorts[keyof RolePorts][]) => rolePorts.flat().map((each) => `127.0.0.1:${each}`);
  return async (epoch) => {
    const adminPort = await freePort();
    const yaml = renderEnvoy({
      listenPort: port,
      adminPort,
      ingest: at(ports.ingest),
      query: at(ports.query),
      stats: at(ports.stats),
      worker: at(ports.workerElasticsearch, ports.workerMysql),
      descriptorPath: join(import.meta.dirname, "..", "gen", "logpulse.binpb"),
    });
    const hotRestart = isReplaced ? { baseId: port, epoch, parentEndsAfterS: ENVOY_ENDS_AFTER_S } : undefined;
    return startEnvoy({ config: { yaml }, port, adminPort, ...(hotRestart && { hotRestart }) });
  };
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
