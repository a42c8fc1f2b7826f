import { readFileSync } from "node:fs";
import type mysql from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { haveServers } from "../stack/have-servers.ts";
import { waitUntil } from "../stack/wait.ts";
import { eventually } from "./eventually.ts";
import { type FullMode, startFullMode } from "./full-mode.ts";
import { realServers } from "./real-servers.ts";
import { RollingLoad } from "./rolling/rolling-load.ts";
import { StoredIdentities } from "./stored-identities.ts";
import { wrongWithTail } from "./tail-under-cuts.ts";

const servers = realServers();
const REPLICAS = 2;
/** Longer than Envoy's interval of a second between two looks, shorter than the default: the test is to be over soon. */
const SETTINGS = { LOGPULSE_STOP_NOTICE_MS: "1500", LOGPULSE_STATS_TTL_HOUR_S: "0" };
const PAUSE_MS = 100;
const SEEN_MS_MAX = 20_000;
const STORED_MS_MAX = 60_000;

/** One replica of every role after the other, two or three roles at a time, and Envoy: callers of every kind go on. */
describe.runIf(servers && haveServers("envoy"))("rolling restart under load", { timeout: 120_000 }, () => {
  let full: FullMode;
  let stored: StoredIdentities;
  let load: RollingLoad;
  const began = new Date(Date.now() - 60_000).toISOString();

  beforeAll(async () => {
    const shape = { ingestReplicas: REPLICAS, otherReplicas: REPLICAS, envoyIsReplaced: true };
    full = await startFullMode(servers!, SETTINGS, (role) => role, shape);
    stored = new StoredIdentities(servers!, full);
    await untilDoorSeesAll();
    load = new RollingLoad(full.address, PAUSE_MS);
    load.start();
    await eventually(
      async () => load.tail.shown.length,
      (count) => count > 100,
    );
  });
  afterAll(async () => {
    await load?.stop();
    await load?.tail.stop();
    await stored?.close();
    await full?.stop();
  });

  /** What an operator waits for before the next process: in every cluster of Envoy as many are healthy as there are. */
  const untilDoorSeesAll = async () => {
    const seesAll = async () => {
      const answer = await fetch(`${full.envoy.adminUrl}/stats?filter=^cluster\\..*\\.membership_(healthy|total)$`);
      const counts = [...(await answer.text()).matchAll(/^cluster\.(\w+)\.membership_\w+: (\d+)$/gm)];
      const byCluster = Map.groupBy(counts, ([, cluster]) => cluster);
      return byCluster.size === 9 && [...byCluster.values()].every(([one, other]) => one![2] === other![2]);
    };
    if (!(await waitUntil(seesAll, SEEN_MS_MAX))) throw new Error("Envoy does not see all replicas");
  };

  const restartAll = async (role: string) => {
    for (let replica = 1; replica <= REPLICAS; replica++) {
      await full.roles.get(`${role}-${replica}`)!.restart();
      await untilDoorSeesAll();
    }
  };

  it.each(["ingest worker-elasticsearch", "query stats worker-mysql"])(
    "%s: no call fails, not even where a caller does not try again",
    async (roles) => {
      const before = load.calls;
      await Promise.all(roles.split(" ").map(restartAll));
      expect(load.takeFailures()).toEqual([]);
      for (const [kind, calls] of Object.entries(load.calls)) expect(calls, kind).toBeGreaterThan(before[kind]!);
    },
  );

  it("Envoy: another one takes its place", async () => {
    await full.replaceEnvoy();
    await untilDoorSeesAll();
    expect(load.takeFailures()).toEqual([]);
  });

  it("every process has ended in order", () => {
    for (const [name, { logFile }] of full.roles) {
      const log = readFileSync(logFile, "utf8");
      const ends = log.match(/"exitCode":\d+/g) ?? [];
      const troubles = log.split("\n").filter((line) => /"level":"?(warn|error|fatal|[456]0)/i.test(line));
      expect([...new Set(ends)], [name, ...troubles.slice(-10)].join("\n")).toEqual(['"exitCode":0']);
    }
  });

  it("what was acknowledged is in both stores, each record once, and in the statistics", async () => {
    await load.stop();
    expect(load.takeFailures()).toEqual([]);
    const acknowledged = [...load.acknowledged].sort();
    expect(acknowledged.length).toBeGreaterThan(1_000);
    const inStores = async () => [(await stored.inElasticsearch()).sort(), (await stored.inMysql()).sort()];
    const isStored = (stores: string[][]) => stores.every((ids) => ids.length >= acknowledged.length);
    for (const ids of await eventually(inStores, isStored, STORED_MS_MAX)) expect(ids).toEqual(acknowledged);
    const [[row]] = await stored.mysql.query<mysql.RowDataPacket[]>(
      "SELECT COUNT(*) AS requests FROM records WHERE has_http",
    );
    const answer = await fetch(`${full.url}/v1/stats/traffic?startTime=${began}`);
    expect(await answer.json()).toMatchObject({ all: { requests: Number(row!.requests) } });
  });

  it("a tail and a stream that were ended have gone on where they were", async () => {
    await eventually(
      async () => new Set(load.tail.shown).size, // It may show a record again.
      (count) => count >= load.acknowledged.length,
    );
    await load.tail.stop();
    // A stream and the tail may be cut in the same moment: what the stream sends again, the tail's next connection shows.
    expect(wrongWithTail(load.tail.shown, load.acknowledged, load.stream.maybeSentTwice)).toEqual([]);
    const repeats = load.tail.shown.length - new Set(load.tail.shown).size;
    expect(repeats).toBeLessThanOrEqual(load.stream.maybeSentTwice.size);
    expect(load.tail.lagged).toEqual([]);
    expect(load.tail.cuts).toBeGreaterThan(1);
    expect(load.stream.broken.length).toBeGreaterThan(0);
  });
});
