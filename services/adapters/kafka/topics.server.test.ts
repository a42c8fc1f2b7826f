import { ConfigResourceTypes } from "kafkajs";
import { afterAll, describe, expect, it } from "vitest";
import { realServers } from "../../../tests/real-servers.ts";
import { isKind, reasonText } from "../../domain/errors.ts";
import { BROKER_MESSAGE_BYTES_MAX } from "../../domain/limits.ts";
import { kafkaJsClient } from "./kafkajs-client.ts";
import { listeningLogger, newTopicsSettings, removeTopics } from "./topics.fixture.ts";
import { prepareTopics } from "./topics.ts";

const servers = realServers();

describe.runIf(servers)("prepareTopics on a real Kafka", () => {
  const settings = newTopicsSettings(servers?.kafkaBrokers ?? []);
  const prepare = (changes: object = {}) => prepareTopics({ ...settings, ...changes }, listeningLogger());
  afterAll(() => removeTopics(settings));

  it("lets several processes make the same topics at once, and find them again", async () => {
    await Promise.all([prepare(), prepare(), prepare(), prepare()]);
    await prepare();
  });

  it("makes them with room for the largest message, and with an end for disks", async () => {
    const admin = kafkaJsClient(settings, listeningLogger()).admin();
    await admin.connect();
    const { resources } = await admin.describeConfigs({
      resources: [settings.batches, settings.deadLetters].map(({ name }) => ({
        type: ConfigResourceTypes.TOPIC,
        name,
      })),
      includeSynonyms: false,
    });
    await admin.disconnect();
    const [batches, deadLetters] = [settings.batches, settings.deadLetters].map(({ name }) => {
      const resource = resources.find(({ resourceName }) => resourceName === name);
      return Object.fromEntries(resource!.configEntries.map((entry) => [entry.configName, entry.configValue]));
    });
    expect(batches).toMatchObject({
      "cleanup.policy": "delete",
      "retention.ms": String(3 * 86_400_000),
      "max.message.bytes": String(BROKER_MESSAGE_BYTES_MAX),
      "min.insync.replicas": "1",
    });
    expect(deadLetters!["retention.ms"]).toBe(String(30 * 86_400_000));
    expect(deadLetters!["cleanup.policy"]!.split(",").sort()).toEqual(["compact", "delete"]);
    expect(Number(deadLetters!["max.message.bytes"])).toBeGreaterThan(BROKER_MESSAGE_BYTES_MAX);
  });

  it("says both numbers where a topic has another partition count", async () => {
    const other = prepare({ batches: { ...settings.batches, partitions: 12 } });
    await expect(other).rejects.toThrow(`topic ${settings.batches.name} has 3 partitions, the settings say 12`);
    await other.catch((reason: unknown) => expect(isKind(reason, "log_unavailable")).toBe(false));
  });

  it("may be tried again where there are too few brokers", async () => {
    const another = newTopicsSettings(settings.brokers);
    const reason = await prepareTopics({ ...another, replicationFactor: 3 }, listeningLogger()).catch(
      (e: unknown) => e,
    );
    expect(reason).toMatchObject({ kind: "log_unavailable" });
    expect(reasonText(reason)).toMatch(/replication/i); // For our log; the caller is not told.
  });

  it("may be tried again where nobody answers", async () => {
    const reason = await prepare({ brokers: ["127.0.0.1:1"] }).catch((error: unknown) => error);
    expect(reason).toMatchObject({ kind: "log_unavailable" });
    expect(reasonText(reason)).toContain("ECONNREFUSED");
  });
});
