import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { msToNanos, nanosToTimestamp } from "../services/domain/record-time.ts";
import { encodeBatch, newProducer } from "../services/ports/build-logged-batch.ts";
import { type Role, startRole } from "../stack/roles.ts";
import type { RunningServer } from "../stack/server-process.ts";
import { DeadLettersOf, topicsOf } from "./dead-letters-of.ts";
import { eventually } from "./eventually.ts";
import { type FullMode, startFullMode } from "./full-mode.ts";
import { realServers } from "./real-servers.ts";
import { StoredIdentities } from "./stored-identities.ts";

const DAY_MS = 86_400_000;
const WORKERS = ["worker-elasticsearch", "worker-mysql"];
const EVERYTHING = { LOGPULSE_RECORD_DAYS: "3650", LOGPULSE_ROLLUP_DAYS: "3650" };
const UNCACHED = { LOGPULSE_STATS_TTL_HOUR_S: "0", LOGPULSE_STATS_TTL_DAY_S: "0", LOGPULSE_STATS_TTL_WEEK_S: "0" };
const LESS = { LOGPULSE_RECORD_DAYS: "30", LOGPULSE_ROLLUP_DAYS: "90" };

const servers = realServers();

/** Producers are that many days old; the records' own time is now, so that one question finds the statistics of all. */
describe.runIf(servers)("retention, in both stores", { timeout: 150_000 }, () => {
  let full: FullMode;
  let deadLetters: DeadLettersOf;
  let topics: ReturnType<typeof topicsOf>;
  let stored: StoredIdentities;
  const roles = new Map<string, Role>();
  const restarted: RunningServer[] = [];
  const [veryOld, old, young] = [100, 40, 20].map((days) => newProducer(Date.now() - days * DAY_MS)) as [
    string,
    string,
    string,
  ];

  beforeAll(async () => {
    full = await startFullMode(servers!, { ...EVERYTHING, ...UNCACHED }, (role) => {
      roles.set(role.name, role);
      return role;
    });
    deadLetters = new DeadLettersOf(full);
    topics = topicsOf(servers!, full);
    stored = new StoredIdentities(servers!, full);
  });
  afterAll(async () => {
    await Promise.all([topics?.close(), stored?.close()]);
    await Promise.all(restarted.map((worker) => worker.remove()));
    await full?.stop();
  });

  /** Past ingest, which refuses producers of such days. */
  const append = async (producer: string, status: number, { firstSeq = 0, severityText = "" } = {}) => {
    const record = { message: "kept for its days", severityText, http: { status, path: "/" }, time: now() };
    await topics.batches.append(0, [encodeBatch({ tenant: "default", producer, firstSeq, records: [record, record] })]);
  };
  const now = () => nanosToTimestamp(msToNanos(Date.now()));
  const holds = async (...producers: string[]) => {
    const expected = producers.flatMap((producer) => [`${producer}-0`, `${producer}-1`]).sort();
    const both = await eventually(
      async () => [await stored.inElasticsearch(), await stored.inMysql()].map((ids) => ids.sort()),
      (ids) => ids.every((some) => some.length === expected.length),
      60_000,
    );
    expect(both).toEqual([expected, expected]);
  };
  const errors = async (): Promise<Record<string, number>> => {
    const answer = await fetch(`${full.url}/stats?type=errors&range=hour`);
    return ((await answer.json()) as { data: Record<string, number> }).data;
  };
  const indices = async () =>
    Object.keys(await stored.elasticsearch.indices.get({ index: `${full.names.indexPrefix}-*` }));

  it("keeps what the settings say, for as long as they say it", async () => {
    await append(veryOld, 410);
    await append(old, 404);
    await append(young, 500);
    await holds(veryOld, old, young);
    expect(await errors()).toEqual({ 404: 2, 410: 2, 500: 2 });
    expect(await indices()).toHaveLength(3);
    await append(old, 404, { firstSeq: 100, severityText: "x".repeat(65) }); // What MySQL refuses.
    await deadLetters.listed("filter.store=mysql", 2);
  });

  it("drops days that are over from both stores when the settings say less; statistics later than records", async () => {
    const before = await errors();
    for (const name of WORKERS) await full.roles.get(name)!.stop();
    for (const name of WORKERS) {
      const role = roles.get(name)!;
      restarted.push(await startRole({ ...role, env: { ...role.env, ...LESS } }));
    }
    const today = newProducer();
    await append(today, 503); // Time goes by what the log says: until a batch comes, nothing is dropped.
    await holds(young, today);
    expect(await indices()).toHaveLength(2);
    const kept = { 404: before[404], 500: 2, 503: 2 };
    await eventually(errors, (statuses) => JSON.stringify(statuses) === JSON.stringify(kept), 60_000);
  });

  it("counts what comes late for such a day as expired, in both stores, and changes nothing", async () => {
    const before = await errors();
    await append(old, 404, { firstSeq: 2 });
    await append(newProducer(Date.now() - 31 * DAY_MS), 404);
    const today = newProducer();
    await append(today, 200);
    await eventually(
      async () => (await stored.inMysql()).length + (await stored.inElasticsearch()).length,
      (records) => records === 12,
    );
    expect(await errors()).toEqual(before);
    for (const worker of restarted) await worker.stop(); // Then they tell their counts.
    for (const worker of restarted) expect(readFileSync(worker.logFile, "utf8")).toMatch(/"expired":4\b/);
    for (const worker of restarted) await worker.restart();
  });

  it("replays no letter of such a day: it expires too", async () => {
    const replay = () => deadLetters.replay({ store: "mysql" });
    const answer = await eventually(replay, ({ tried }) => tried === "2");
    expect(answer).toMatchObject({ matched: "2", expired: "2", stored: "0", refused: "0" });
    const { letters } = await deadLetters.list("filter.store=mysql");
    expect(letters.map(({ state }) => state)).toEqual(Array(2).fill("DEAD_LETTER_STATE_EXPIRED"));
    expect(await replay()).toMatchObject({ matched: "0" });
  });
});
