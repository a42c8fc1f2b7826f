import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startElasticsearch } from "../../stack/elasticsearch.ts";
import { freePort } from "../../stack/free-port.ts";
import { startKafka } from "../../stack/kafka.ts";
import { startMariadb } from "../../stack/mariadb.ts";
import { startRedis } from "../../stack/redis.ts";
import { startFullMode } from "../../tests/full-mode.ts";
import { ServerUnderTest } from "../embedded/server-under-test.ts";

/** LogPulse in one of its modes, as this benchmark needs it. */
export interface InstallationUnderTest {
  mode: "embedded" | "full";
  /** host:port for gRPC. */
  address(): string;
  /** Of the store that answers searches; undefined where that is no server. */
  elasticsearch: { url: string; indices: string } | undefined;
  /** What a restart is here, in words. */
  coldMeans: string;
  /** Afterwards nothing of what was read is remembered by LogPulse, nor by a store's own caches as far as it lets us. */
  makeCold(): Promise<void>;
  stop(): Promise<void>;
}

/** One process on files of a new folder. */
export async function embeddedUnderTest(): Promise<InstallationUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), "logpulse-bench-query-"));
  let server = await ServerUnderTest.start(folder, await freePort());
  return {
    mode: "embedded",
    address: () => server.address,
    elasticsearch: undefined,
    coldMeans: "the process was started again; the operating system still has its files in memory",
    async makeCold() {
      await server.stop();
      server = await ServerUnderTest.start(folder, await freePort());
    },
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Kafka, Elasticsearch, MariaDB, Redis, all roles, and Envoy. */
export async function fullUnderTest(): Promise<InstallationUnderTest> {
  const [kafka, elasticsearch, mariadb, redis] = await Promise.all([
    startKafka(),
    startElasticsearch(),
    startMariadb(),
    startRedis(),
  ]);
  const servers = [kafka, elasticsearch, mariadb, redis];
  const full = await startFullMode({
    kafkaBrokers: [kafka.address],
    elasticsearchUrl: elasticsearch.url,
    mysqlUrl: mariadb.url,
    redisUrl: redis.url,
  });
  const indices = `${full.names.indexPrefix}-1*,${full.names.indexPrefix}-2*`;
  return {
    mode: "full",
    address: () => full.address,
    elasticsearch: { url: elasticsearch.url, indices },
    coldMeans: "Elasticsearch's caches were cleared; MariaDB's pages and the operating system's stay in memory",
    async makeCold() {
      const answer = await fetch(`${elasticsearch.url}/${indices}/_cache/clear`, { method: "POST" });
      if (!answer.ok) throw new Error(`clearing the caches answered ${answer.status}`);
    },
    async stop() {
      await full.stop();
      await Promise.all(servers.map((server) => server.remove()));
    },
  };
}
