import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import KafkaJS from "kafkajs";
import { describe, expect, it } from "vitest";
import { AdminService } from "../gen/logpulse/v1/admin_service_pb.ts";
import { IngestService } from "../gen/logpulse/v1/ingest_service_pb.ts";
import { makeUuidV7 } from "../services/domain/identity.ts";
import { freePort } from "../stack/free-port.ts";
import { haveServers } from "../stack/have-servers.ts";
import { startKafka } from "../stack/kafka.ts";
import { eventually } from "./eventually.ts";
import { LoadSender } from "./load-sender.ts";

const MAIN = join(import.meta.dirname, "..", "services", "main.ts");

interface Program {
  /** What it printed so far. */
  output(): string;
  ended: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
  readonly address: string;
}

async function program(env: Record<string, string>): Promise<Program> {
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(process.execPath, [MAIN], { env: { PATH: process.env.PATH, LOGPULSE_LISTEN: address, ...env } });
  let output = "";
  child.stdout.on("data", (text) => (output += text));
  child.stderr.on("data", (text) => (output += text));
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { output: () => output, ended, kill: (signal) => child.kill(signal), address };
}

const ready = async (address: string) => {
  const answer = await fetch(`http://${address}/readyz`, { signal: AbortSignal.timeout(3_000) });
  return { status: answer.status, text: await answer.text() };
};

describe("the process", () => {
  it("tells all mistakes in its settings together and does not start", async () => {
    const { ended, output } = await program({ ROLES: "cook", KAFKA_PARTITIONS: "many", LOGPULSE_RATE: "5" });
    expect(await ended).toBe(2);
    expect(output()).toMatch(
      /^cannot start:\n- ROLES is "cook".*\n- KAFKA_PARTITIONS is "many".*\n- LOGPULSE_RATE is not a setting/,
    );
  });

  it("in memory mode says that it keeps nothing, answers, and ends in order", async () => {
    const { ended, output, kill, address } = await program({});
    await eventually(
      () => ready(address),
      ({ status }) => status === 200,
    );
    expect(output()).toMatch(/everything is forgotten when this process ends/);
    kill("SIGTERM");
    expect(await ended).toBe(0);
  });
});

describe("the process in memory mode", () => {
  it("lists what its store refused, and tries it again", async () => {
    const { ended, kill, address } = await program({});
    await eventually(
      () => ready(address),
      ({ status }) => status === 200,
    );
    const transport = createConnectTransport({ baseUrl: `http://${address}`, httpVersion: "1.1" });
    const [ingest, admin] = [createClient(IngestService, transport), createClient(AdminService, transport)];
    const producerId = makeUuidV7(Date.now(), randomBytes(10));
    await ingest.write({ producerId, records: [{ message: "first" }] });
    await ingest.write({ producerId, records: [{ message: "second under the same identity" }] });
    const { letters } = await eventually(
      () => admin.listDeadLetters({}),
      ({ total }) => total === 1n,
    );
    expect(letters[0]).toMatchObject({
      letter: { store: "memory", reason: "conflict" },
      record: { message: "second under the same identity" },
    });
    expect(await admin.replayDeadLetters({})).toMatchObject({
      tried: 1n,
      refused: 1n,
      refusals: [{ reason: "conflict" }],
    });
    kill("SIGTERM");
    expect(await ended).toBe(0);
  });
});

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
