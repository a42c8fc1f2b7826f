import KafkaJS from "kafkajs";
import { describe, expect, it } from "vitest";
import { freePort } from "../stack/free-port.ts";
import { haveServers } from "../stack/have-servers.ts";
import { startKafka } from "../stack/kafka.ts";
import { eventually } from "./eventually.ts";
import { LoadSender } from "./load-sender.ts";
import { program, ready } from "./program.ts";

describe.runIf(haveServers("kafka"))("the process and its servers", () => {
  it("waits for a Kafka that is not there, says so, and goes on when it comes; SIGTERM then drains", async () => {
    const [port, controllerPort] = [await freePort(), await freePort()];
    const ingest = await program({
      LOGPULSE_MODE: "full",
      ROLES: "ingest",
      KAFKA_BROKERS: `127.0.0.1:${port}`,
      LOGPULSE_RATE_LIMIT: "off",
    });
    await eventually(
      async () => ingest.output(),
      (text) => /waiting for Kafka's topics/.test(text),
    );
    const notReady = await eventually(
      () => ready(ingest.address),
      ({ status }) => status === 503,
    );
    expect(notReady.text).toMatch(/event log \(Kafka\)/);
    const kafka = await startKafka({ port, controllerPort });
    const sender = new LoadSender(ingest.address, "drained");
    try {
      await eventually(
        () => ready(ingest.address),
        ({ status }) => status === 200,
        60_000,
      );
      sender.start();
      await eventually(
        async () => sender.acknowledged.length,
        (count) => count > 200,
      );
      const beganMs = Date.now();
      ingest.kill("SIGTERM");
      expect(await ingest.ended).toBe(0);
      expect(Date.now() - beganMs).toBeLessThan(10_000);
      // Every acknowledged batch is a message of the topic: counted in Kafka itself.
      const admin = new KafkaJS.Kafka({ brokers: [kafka.address], logLevel: KafkaJS.logLevel.NOTHING }).admin();
      await admin.connect();
      const offsets = await admin.fetchTopicOffsets("logpulse-batches");
      await admin.disconnect();
      const messages = offsets.reduce((sum, { high }) => sum + Number(high), 0);
      expect(messages).toBeGreaterThanOrEqual(sender.acknowledged.length / LoadSender.recordsPerBatch);
    } finally {
      ingest.kill("SIGKILL");
      sender.abandon();
      await kafka.remove();
    }
  }, 120_000);

  it("does not start on a topic with another number of partitions, and says both numbers", async () => {
    const kafka = await startKafka();
    try {
      const settings = {
        LOGPULSE_MODE: "full",
        ROLES: "ingest",
        KAFKA_BROKERS: kafka.address,
        LOGPULSE_RATE_LIMIT: "off",
      };
      const first = await program({ ...settings, KAFKA_PARTITIONS: "3" });
      await eventually(
        () => ready(first.address),
        ({ status }) => status === 200,
        60_000,
      );
      first.kill("SIGTERM");
      await first.ended;
      const second = await program({ ...settings, KAFKA_PARTITIONS: "5" });
      expect(await second.ended).toBe(1);
      expect(second.output()).toMatch(/has 3 partitions, the settings say 5/);
    } finally {
      await kafka.remove();
    }
  }, 120_000);
});
