import { setTimeout as sleep } from "node:timers/promises";
import { startElasticsearch } from "../../stack/elasticsearch.ts";
import { startKafka } from "../../stack/kafka.ts";
import { startMariadb } from "../../stack/mariadb.ts";
import { startRedis } from "../../stack/redis.ts";
import type { RunningServer } from "../../stack/server-process.ts";
import { startFullMode } from "../../tests/full-mode.ts";
import { identitiesInTopic } from "../measure/kafka-identities.ts";
import { ProcessFigures } from "../measure/process-figures.ts";
import type { Started } from "./installation.ts";

const SETTLED_LOOK_MS = 1_000;
const SETTLED_MS_MAX = 1_200_000;

/** All roles on real servers, Envoy before them; the limiter is off unless `settings` say so. */
export async function startFull(settings: Record<string, string> = {}): Promise<Started> {
  const [kafka, elasticsearch, mariadb, redis] = await Promise.all([
    startKafka(),
    startElasticsearch(),
    startMariadb(),
    startRedis(),
  ]);
  const full = await startFullMode(
    {
      kafkaBrokers: [kafka.address],
      elasticsearchUrl: elasticsearch.url,
      mysqlUrl: mariadb.url,
      redisUrl: redis.url,
    },
    { LOGPULSE_RATE_LIMIT: "off", LOGPULSE_LOG_LEVEL: "warn", ...settings },
  );
  const ingest = [...full.roles].filter(([name]) => name.startsWith("ingest"));
  const processes = [...ingest, ["envoy", full.envoy] as const].map(
    ([name, { pid }]) => [name, new ProcessFigures(pid)] as const,
  );
  const workers = [...full.roles].flatMap(([name, role]) => (name.startsWith("worker") ? [role] : []));
  return {
    installations: [
      {
        name: "full",
        address: full.address,
        processes: processes.map(([, figures]) => figures),
        cpuSeconds: () => Object.fromEntries(processes.map(([name, figures]) => [name, figures.cpuSeconds()])),
        settle: () => untilStored(workers),
        kept: () => identitiesInTopic(kafka.address, `${full.names.topicPrefix}-batches`),
      },
    ],
    async stop() {
      await full.stop();
      await Promise.all([kafka, elasticsearch, mariadb, redis].map((server) => server.remove()));
    },
  };
}

/** Until each worker says twice that its store has everything: what it says may be a second old. */
async function untilStored(workers: readonly RunningServer[]): Promise<void> {
  const endMs = performance.now() + SETTLED_MS_MAX;
  for (let still = 0; still < 2; ) {
    const lags = await Promise.all(workers.map(lagOf));
    still = lags.every((lag) => lag === 0) ? still + 1 : 0;
    if (performance.now() > endMs) throw new Error(`the stores lag by ${lags} messages after ${SETTLED_MS_MAX} ms`);
    await sleep(SETTLED_LOOK_MS);
  }
}

/** Of all its partitions; undefined where it cannot be said now. */
async function lagOf({ address }: RunningServer): Promise<number | undefined> {
  const text = await (await fetch(`http://${address}/metrics`)).text();
  const lags = [...text.matchAll(/^logpulse_store_lag_messages\{.*\} (\d+)$/gm)].map(([, messages]) =>
    Number(messages),
  );
  return lags.length === 0 ? undefined : lags.reduce((sum, lag) => sum + lag, 0);
}
