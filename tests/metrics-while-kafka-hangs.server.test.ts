import { describe, expect, it } from "vitest";
import { METRICS_MS_MAX } from "../services/domain/limits.ts";
import { freePort } from "../stack/free-port.ts";
import { haveServers } from "../stack/have-servers.ts";
import { startKafka } from "../stack/kafka.ts";
import { eventually } from "./eventually.ts";
import { program } from "./program.ts";
import { realServers } from "./real-servers.ts";

const servers = realServers();

describe.runIf(servers && haveServers("kafka"))("metrics of a worker whose Kafka hangs", () => {
  it("come all the same, without what only Kafka knows, and have that again afterwards", async () => {
    const kafka = await startKafka();
    const worker = await program({
      LOGPULSE_MODE: "full",
      ROLES: "worker",
      SINKS: "elasticsearch",
      KAFKA_BROKERS: kafka.address,
      ELASTICSEARCH_URL: servers!.elasticsearchUrl,
      ELASTICSEARCH_INDEX_PREFIX: `metrics${await freePort()}`,
    });
    const page = async () => (await fetch(`http://${worker.address}/metrics`)).text();
    const hasLag = (text: string) => /^logpulse_store_behind_seconds\{store="elasticsearch"\} 0$/m.test(text);
    try {
      await eventually(page, hasLag, 60_000);
      kafka.pause();
      await new Promise((resolve) => setTimeout(resolve, 1_500)); // What was remembered is too old then.
      const beganMs = performance.now();
      const text = await page();
      expect(performance.now() - beganMs).toBeLessThan(METRICS_MS_MAX + 5_000);
      expect(text).toMatch(/^logpulse_store_records_total\{store="elasticsearch",outcome="stored"\} 0$/m);
      expect(text).not.toMatch(/^logpulse_store_(behind|lag)_\w+\{/m);
      kafka.resume();
      await eventually(page, hasLag, 60_000);
    } finally {
      worker.kill("SIGKILL");
      kafka.resume();
      await kafka.remove();
    }
  }, 180_000);
});
