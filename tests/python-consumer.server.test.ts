import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { LogBatchSchema } from "../gen/logpulse/v1/log_batch_pb.ts";
import { KafkaEventLog } from "../services/adapters/kafka/event-log.ts";
import { prepareTopics } from "../services/adapters/kafka/topics.ts";
import { sealBatch } from "../services/ingest/seal-batch.ts";
import { walkBatch } from "../services/ingest/walk-batch.ts";
import { consumerPackages } from "../stack/installed.ts";
import { realServers } from "./real-servers.ts";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "..");
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

const servers = realServers();
const packages = consumerPackages();
if (servers && !packages) {
  const message = "SKIPPED: the Python packages of docs/consumer are missing. Install them: npm run stack:install";
  if (process.env.CI) throw new Error(message);
  console.warn(message);
}

describe.runIf(servers && packages)("the contract is polyglot", () => {
  it("a Python consumer, generated from proto/, reads every record of the topic", async () => {
    const name = `python-${randomUUID()}`;
    const kafka = { brokers: servers!.kafkaBrokers, clientId: "logpulse-test" };
    const batches = { name: `${name}-batches`, partitions: 1 };
    const deadLetters = { name: `${name}-dead-letters`, partitions: 1 };
    const retention = { batchesRetentionMs: 3_600_000, deadLettersRetentionMs: 3_600_000 };
    const copies = { replicationFactor: 1, minInsyncReplicas: 1 };
    await prepareTopics({ ...kafka, batches, deadLetters, ...retention, ...copies }, quiet);
    const log = new KafkaEventLog({ ...kafka, topic: batches.name, partitions: 1 });
    const producerId = Uint8Array.from(Buffer.from("017f22e279b07cc398c4dc0c0c07398f", "hex"));
    const records = [
      { service: "shop", message: "héllo 🎉" },
      { service: "shop", message: "bad", traceId: "x" },
      { service: "shop", message: "third" },
    ];
    const bytes = toBinary(LogBatchSchema, create(LogBatchSchema, { producerId, firstSeq: 5n, records }));
    await log.append(0, [
      sealBatch(walkBatch(bytes), { tenant: "default", receivedMs: Date.now(), assigned: undefined }),
    ]);
    await log.close();

    const generated = mkdtempSync(join(tmpdir(), "logpulse-python-"));
    const env = { ...process.env, PYTHONPATH: `${packages}:${generated}`, PYTHONIOENCODING: "utf8" };
    const protos = ["logpulse/v1/log_record.proto", "logpulse/v1/log_batch.proto"];
    try {
      await run(
        "python3",
        ["-m", "grpc_tools.protoc", "-I", join(ROOT, "proto"), `--python_out=${generated}`, ...protos],
        { env },
      );
      const consumer = join(ROOT, "docs", "consumer", "consumer.py");
      const { stdout } = await run("python3", [consumer, servers!.kafkaBrokers[0]!, batches.name], {
        env,
        timeout: 50_000,
      });
      expect(stdout).toBe(
        "017f22e279b07cc398c4dc0c0c07398f-5 shop héllo 🎉\n017f22e279b07cc398c4dc0c0c07398f-7 shop third\n",
      );
    } finally {
      rmSync(generated, { recursive: true });
    }
  });
});
