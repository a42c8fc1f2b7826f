import { existsSync } from "node:fs";
import { join } from "node:path";
import { STACK_PORTS } from "./ports.ts";
import { type Keeper, type RunningServer, serverDirectory, startServer } from "./server-process.ts";
import { partDirectory } from "./stack-directory.ts";

/** Where the real servers are, as LogPulse is told. */
export interface ServerAddresses {
  readonly kafka: string;
  readonly elasticsearchUrl: string;
  readonly mysqlUrl: string;
  readonly redisUrl: string;
}

/** One process of LogPulse. */
export interface Role {
  readonly name: string;
  readonly port: number;
  readonly env: Record<string, string>;
}

/** The port of each LogPulse process: a list where a role has replicas, which are numbered then ("query-1"). */
export interface RolePorts {
  ingest: readonly number[];
  workerElasticsearch: number | readonly number[];
  workerMysql: number | readonly number[];
  query: number | readonly number[];
  stats: number | readonly number[];
}

/**
 * Every LogPulse process of the full mode, with its whole environment: the only place here that knows these names.
 *
 * `settings`: further variables of all of them.
 */
export function logpulseRoles(
  addresses: ServerAddresses,
  ports: RolePorts = STACK_PORTS,
  settings: Record<string, string> = {},
): Role[] {
  const { ingest, workerElasticsearch, workerMysql, query, stats } = ports;
  const process = (name: string, port: number, own: Record<string, string>): Role => ({
    name,
    port,
    env: {
      LOGPULSE_MODE: "full",
      LOGPULSE_LISTEN: `127.0.0.1:${port}`,
      LOGPULSE_REPLICAS: String(ingest.length),
      KAFKA_BROKERS: addresses.kafka,
      ELASTICSEARCH_URL: addresses.elasticsearchUrl,
      MYSQL_URL: addresses.mysqlUrl,
      REDIS_URL: addresses.redisUrl,
      LOGPULSE_TRUSTED_PROXIES: "127.0.0.1",
      ...settings,
      ...own,
    },
  });
  const role = (name: string, at: number | readonly number[], own: Record<string, string>): Role[] =>
    typeof at === "number"
      ? [process(name, at, own)]
      : at.map((port, index) => process(`${name}-${index + 1}`, port, own));
  return [
    ...role("ingest", ingest, { ROLES: "ingest" }),
    ...role("worker-elasticsearch", workerElasticsearch, { ROLES: "worker", SINKS: "elasticsearch" }),
    ...role("worker-mysql", workerMysql, { ROLES: "worker", SINKS: "mysql" }),
    ...role("query", query, { ROLES: "query" }),
    ...role("stats", stats, { ROLES: "stats" }),
  ];
}

/**
 * Starts one role and waits until its /readyz says 200: it reaches all servers that it needs.
 *
 * `outlivesUs`: left out, the role ends with this process, and its folder is a new one for temporary files.
 *
 * @throws Error with the end of its log.
 */
export async function startRole(role: Role, outlivesUs?: Keeper): Promise<RunningServer> {
  if (!existsSync(MAIN)) throw new Error(`there is no ${MAIN}; without it: npm run stack -- --servers-only`);
  return startServer({
    name: role.name,
    command: process.execPath,
    args: [MAIN],
    env: role.env,
    port: role.port,
    directory: serverDirectory(role.name, outlivesUs ? partDirectory(role.name) : undefined),
    outlivesUs,
    healthy: () => isReady(role.port),
    startMsMax: 60_000,
  });
}

const MAIN = join(import.meta.dirname, "..", "services", "main.ts");

async function isReady(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) });
  await answer.arrayBuffer();
  return answer.ok;
}
