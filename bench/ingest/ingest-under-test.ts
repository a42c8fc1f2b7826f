import { randomBytes } from "node:crypto";
import { freePort } from "../../stack/free-port.ts";
import { type RunningKafka, startKafka } from "../../stack/kafka.ts";
import { logpulseRoles, startRole } from "../../stack/roles.ts";
import type { RunningServer } from "../../stack/server-process.ts";
import { ProcessFigures } from "../measure/process-figures.ts";

/** One ingest process on a Kafka of its own. */
export interface IngestUnderTest {
  kafka: RunningKafka;
  ingest: RunningServer;
  figures: ProcessFigures;
  topic: string;
  /** What runs where Redis is asked for: nothing. */
  stop(): Promise<void>;
}

/** Ready to take calls. `settings`: variables as services/config.ts knows them; the limiter is off unless they say so. */
export async function startIngest(settings: Record<string, string> = {}): Promise<IngestUnderTest> {
  const kafka = await startKafka();
  const topicPrefix = `b${randomBytes(5).toString("hex")}`;
  const unused = await freePort(); // Nobody listens there: a call that needs one of these servers fails.
  const [role] = logpulseRoles(
    {
      kafka: kafka.address,
      elasticsearchUrl: `http://127.0.0.1:${unused}`,
      mysqlUrl: `mysql://nobody:nothing@127.0.0.1:${unused}/none`,
      redisUrl: `redis://127.0.0.1:${unused}`,
    },
    { ingest: [await freePort()], workerElasticsearch: 0, workerMysql: 0, query: 0, stats: 0 } as never,
    { KAFKA_TOPIC_PREFIX: topicPrefix, LOGPULSE_RATE_LIMIT: "off", LOGPULSE_LOG_LEVEL: "warn", ...settings },
  );
  const ingest = await startRole(role!);
  return {
    kafka,
    ingest,
    figures: new ProcessFigures(ingest.pid),
    topic: `${topicPrefix}-batches`,
    async stop() {
      await ingest.remove();
      await kafka.remove();
    },
  };
}
