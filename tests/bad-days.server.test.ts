import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startElasticsearch } from "../stack/elasticsearch.ts";
import { haveServers } from "../stack/have-servers.ts";
import { startKafka } from "../stack/kafka.ts";
import { startMariadb } from "../stack/mariadb.ts";
import { startRedis } from "../stack/redis.ts";
import type { RunningServer } from "../stack/server-process.ts";
import { eventually } from "./eventually.ts";
import { type FullMode, startFullMode } from "./full-mode.ts";
import { LoadSender } from "./load-sender.ts";
import { StoredIdentities } from "./stored-identities.ts";

const SENDERS = 4;
const AWAY_MS = 4_000;
const UNAVAILABLE = 14;
const INGEST_BYTES_MAX = 300 * 1024 * 1024;

/**
 * Servers of its own, since it kills them. `kill -9` leaves the machine's page cache alone: what passes here says
 * nothing about a power loss.
 */
describe.runIf(haveServers("kafka", "elasticsearch", "mariadb", "redis", "envoy"))(
  "every server killed under load",
  () => {
    const servers = new Map<string, RunningServer>();
    let full: FullMode;
    let stored: StoredIdentities;
    const senders: LoadSender[] = [];

    const acknowledged = () => senders.flatMap((sender) => sender.acknowledged);
    const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    const progress = async (of: () => number) => {
      const before = of();
      await eventually(
        async () => of(),
        (now) => now > before,
        60_000,
      );
    };

    beforeAll(async () => {
      const [kafka, elasticsearch, mariadb, redis] = await Promise.all([
        startKafka(),
        startElasticsearch(),
        startMariadb(),
        startRedis(),
      ]);
      for (const server of [kafka, elasticsearch, mariadb, redis]) servers.set(server.name, server);
      const addresses = {
        kafkaBrokers: [kafka.address],
        elasticsearchUrl: elasticsearch.url,
        mysqlUrl: mariadb.url,
        redisUrl: redis.url,
      };
      full = await startFullMode(addresses);
      stored = new StoredIdentities(addresses, full);
      for (let i = 0; i < SENDERS; i++) senders.push(new LoadSender(full.address, `sender-${i}`));
      for (const sender of senders) sender.start();
      await progress(() => acknowledged().length);
    }, 180_000);

    afterAll(async () => {
      await Promise.allSettled(senders.map((sender) => sender.stop()));
      await stored?.close();
      await full?.stop();
      await Promise.all([...servers.values()].map((server) => server.remove()));
    }, 120_000);

    it.each(["redis", "elasticsearch", "mariadb"])(
      "%s away: acknowledgements go on",
      async (name) => {
        await servers.get(name)!.kill();
        await progress(() => acknowledged().length);
        await pass(AWAY_MS);
        await progress(() => acknowledged().length);
        await servers.get(name)!.restart();
        await progress(() => acknowledged().length);
      },
      120_000,
    );

    it("Kafka away: nothing is acknowledged, callers are told to come back, memory stays bounded", async () => {
      await servers.get("kafka")!.kill();
      await pass(1_000); // What was on its way has its answer by now.
      const before = acknowledged().length;
      await pass(AWAY_MS);
      expect(acknowledged().length).toBe(before);
      for (const name of ["ingest-1", "ingest-2", "ingest-3"]) {
        expect(residentBytes(full.roles.get(name)!.pid)).toBeLessThan(INGEST_BYTES_MAX);
      }
      const answer = await fetch(`${full.url}/logs`, {
        method: "POST",
        body: JSON.stringify({ message: "while Kafka is away" }),
      });
      expect(answer.status).toBe(503);
      expect(await answer.json()).toMatchObject({ code: UNAVAILABLE });
      await servers.get("kafka")!.restart();
      await progress(() => acknowledged().length);
    }, 120_000);

    it("an ingest and both workers killed: others take over, the restarted go on", async () => {
      for (const name of ["ingest-1", "worker-elasticsearch", "worker-mysql"]) {
        await full.roles.get(name)!.kill();
        await progress(() => acknowledged().length);
        await full.roles.get(name)!.restart();
        await progress(() => acknowledged().length);
      }
    }, 120_000);

    it("what was acknowledged is in both stores, each record once", async () => {
      await Promise.all(senders.map((sender) => sender.stop()));
      const sent = acknowledged();
      expect(sent.length).toBeGreaterThan(1_000);
      const missing = async () => {
        const [elasticsearch, mysql] = [await stored.inElasticsearch(), await stored.inMysql()];
        return [elasticsearch, mysql].map((ids) => {
          const held = new Set(ids);
          expect(held.size).toBe(ids.length);
          return sent.filter((id) => !held.has(id)).length;
        });
      };
      await eventually(missing, (counts) => counts.every((count) => count === 0), 120_000);
      const [elasticsearch, mysql] = [await stored.inElasticsearch(), await stored.inMysql()];
      expect(elasticsearch.sort()).toEqual(mysql.sort());
    }, 180_000);
  },
);

/** Linux: the second field of /proc/PID/statm, in pages of 4 KiB. */
function residentBytes(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * 4_096;
}
