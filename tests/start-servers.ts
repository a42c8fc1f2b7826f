import type { TestProject } from "vitest/node";
import { startElasticsearch } from "../stack/elasticsearch.ts";
import { haveServers } from "../stack/have-servers.ts";
import { startKafka } from "../stack/kafka.ts";
import { startMariadb } from "../stack/mariadb.ts";
import { startRedis } from "../stack/redis.ts";
import type { RunningServer } from "../stack/server-process.ts";
import "./real-servers.ts";

/**
 * Starts the real servers once for all `*.server.test.ts` files of a run, side by side, and removes them at its end.
 * Where one is not installed, none is started and the tests are skipped, which is said aloud; with CI=true it fails.
 */
export default async function startServers(project: TestProject): Promise<() => Promise<void>> {
  if (!haveServers("kafka", "elasticsearch", "mariadb", "redis")) {
    project.provide("servers", null);
    return async () => {};
  }
  const started = await Promise.allSettled([startKafka(), startElasticsearch(), startMariadb(), startRedis()]);
  const running: RunningServer[] = started.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
  const removeAll = async () => {
    await Promise.all(running.map((server) => server.remove()));
  };
  const [kafka, elasticsearch, mariadb, redis] = started;
  if (
    kafka.status !== "fulfilled" ||
    elasticsearch.status !== "fulfilled" ||
    mariadb.status !== "fulfilled" ||
    redis.status !== "fulfilled"
  ) {
    await removeAll();
    const reasons = started.flatMap((start) => (start.status === "rejected" ? [start.reason as unknown] : []));
    throw new AggregateError(reasons, "a real server did not start");
  }
  project.provide("servers", {
    kafkaBrokers: [kafka.value.address],
    elasticsearchUrl: elasticsearch.value.url,
    mysqlUrl: mariadb.value.url,
    redisUrl: redis.value.url,
  });
  return removeAll;
}
