import { startElasticsearch } from "../../stack/elasticsearch.ts";
import { startKafka } from "../../stack/kafka.ts";
import { startMariadb } from "../../stack/mariadb.ts";
import { startRedis } from "../../stack/redis.ts";
import type { Role } from "../../stack/roles.ts";
import type { RunningServer } from "../../stack/server-process.ts";
import { startFullMode } from "../../tests/full-mode.ts";
import { cpuSecondsByGroup, endedChildrenCpuSeconds } from "../measure/group-figures.ts";
import { ProcessFigures } from "../measure/process-figures.ts";

/** The full mode on real servers of its own: all roles, behind Envoy. */
export interface FullUnderTest {
  /** host:port of Envoy. */
  door: string;
  /** host:port of each ingest process. */
  ingest: string[];
  /** Both workers, that of Elasticsearch first. */
  workers: RunningServer[];
  elasticsearchUrl: string;
  indexPrefix: string;
  mysqlUrl: string;
  /** Of the server's own account, which may create databases whose names begin with "logpulse". */
  serverMysqlUrl: string;
  /** CPU seconds so far by name; `load` has those of this process's children that have ended. */
  cpuSeconds(): Record<string, number>;
  /** The most memory that each process of LogPulse has held since it was started, in MiB. */
  memoryPeaksMiB(): Record<string, number>;
  stop(): Promise<void>;
}

/** The limiter is off. `profileFolder`: each process of LogPulse writes a CPU profile into it when it ends. */
export async function startFull(profileFolder: string | undefined): Promise<FullUnderTest> {
  const [kafka, elasticsearch, mariadb, redis] = await Promise.all([
    startKafka(),
    startElasticsearch(),
    startMariadb(),
    startRedis(),
  ]);
  const servers: RunningServer[] = [kafka, elasticsearch, mariadb, redis];
  const addresses = {
    kafkaBrokers: [kafka.address],
    elasticsearchUrl: elasticsearch.url,
    mysqlUrl: mariadb.url,
    redisUrl: redis.url,
  };
  const settings = { LOGPULSE_RATE_LIMIT: "off", LOGPULSE_LOG_LEVEL: "warn" };
  const full = await startFullMode(addresses, settings, (role) => profiled(role, profileFolder));
  const roles = [...full.roles.values()];
  return {
    door: full.address,
    ingest: roles.filter(({ name }) => name.startsWith("ingest")).map(({ address }) => address),
    workers: [full.roles.get("worker-elasticsearch")!, full.roles.get("worker-mysql")!],
    elasticsearchUrl: elasticsearch.url,
    indexPrefix: full.names.indexPrefix,
    mysqlUrl: full.names.mysqlUrl,
    serverMysqlUrl: mariadb.url,
    cpuSeconds() {
      const ofGroups = cpuSecondsByGroup();
      const all = [...roles, full.envoy, ...servers].map(({ name, pid }) => [name, ofGroups.get(pid) ?? 0] as const);
      return { ...Object.fromEntries(all), load: endedChildrenCpuSeconds() };
    },
    memoryPeaksMiB: () =>
      Object.fromEntries(roles.map(({ name, pid }) => [name, Math.round(new ProcessFigures(pid).memoryPeakMiB())])),
    async stop() {
      await full.stop();
      await Promise.all(servers.map((server) => server.remove()));
    },
  };
}

function profiled(role: Role, folder: string | undefined): Role {
  if (folder === undefined) return role;
  const options = `--cpu-prof --cpu-prof-dir=${folder} --cpu-prof-name=${role.name}.cpuprofile`;
  return { ...role, env: { ...role.env, NODE_OPTIONS: options } };
}
