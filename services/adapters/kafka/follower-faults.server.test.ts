import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { haveServers } from "../../../stack/have-servers.ts";
import { type RunningKafka, startKafka } from "../../../stack/kafka.ts";
import { waitUntil } from "../../../stack/wait.ts";
import { KafkaEventLog } from "./event-log.ts";
import { KafkaLogFollower } from "./event-log-follower.ts";
import { newTopics } from "./topics.fixture.ts";

const TOLD_MS_MAX = 10_000; // Two tries, each with a connect or a request that is not answered.
const never = new AbortController().signal;

describe.runIf(haveServers("kafka"))("a follower whose broker crashes or hangs", { timeout: 180_000 }, () => {
  let kafka: RunningKafka;
  beforeAll(async () => {
    kafka = await startKafka({ heapMiB: 256 });
  }, 120_000);
  afterAll(() => kafka?.remove());

  const open = async () => {
    const topics = await newTopics([kafka.address]);
    const settings = { ...topics, topic: topics.batches.name, partitions: 3 };
    const [log, follower] = [new KafkaEventLog(settings), new KafkaLogFollower(settings)];
    onTestFinished(async () => {
      await follower.close();
      await log.close();
    });
    const { logId } = await follower.extent(never);
    const found: string[] = [];
    /** Reads on; what it throws is the follower's. */
    const readOn = async (waitMs = 1_000) => {
      const from = { logId, partition: 0, offset: BigInt(found.length) };
      const messages = await follower.read(from, waitMs, never);
      found.push(...messages.map(({ bytes }) => Buffer.from(bytes).toString()));
    };
    const append = async (text: string) => {
      await waitUntil(() => log.append(0, [Buffer.from(text)]).then(() => true), 60_000);
    };
    return { follower, logId, found, readOn, append };
  };
  /** How long it takes until it is told that the log is away. */
  const msUntilTold = async (work: Promise<unknown>) => {
    const startedAt = performance.now();
    await expect(work).rejects.toMatchObject({ kind: "log_unavailable" });
    return performance.now() - startedAt;
  };

  it("says so in time, in the middle of a wait too, and goes on by itself when it is back", async () => {
    const { follower, logId, found, readOn, append } = await open();
    await append("0");
    await readOn();
    for (let round = 1; round <= 2; round++) {
      const waiting = msUntilTold(readOn(30_000));
      await sleep(300);
      await kafka.kill();
      expect(await waiting).toBeLessThan(TOLD_MS_MAX);
      expect(await msUntilTold(follower.extent(never))).toBeLessThan(TOLD_MS_MAX);
      expect(await msUntilTold(follower.placesAt(0, never))).toBeLessThan(TOLD_MS_MAX);
      await kafka.restart();
      await append(`${round}`);
      await waitUntil(() => readOn().then(() => found.length === round + 1), 30_000);
      expect((await follower.extent(never)).logId).toBe(logId);
    }
    expect(found).toEqual(["0", "1", "2"]);
  });

  it("says so where it hangs, and goes on when it answers again", async () => {
    const { found, readOn, append } = await open();
    await append("0");
    await readOn();
    kafka.pause();
    await sleep(100); // Its many threads do not stop all at once.
    expect(await msUntilTold(readOn(30_000))).toBeLessThan(TOLD_MS_MAX);
    kafka.resume();
    await append("1");
    await waitUntil(() => readOn().then(() => found.length === 2), 30_000);
    expect(found).toEqual(["0", "1"]);
  });

  it("frees what waits at once when it is closed meanwhile", async () => {
    const { follower, readOn } = await open();
    await readOn(0);
    kafka.pause();
    await sleep(100);
    const waiting = msUntilTold(readOn(30_000));
    await sleep(100);
    await follower.close();
    expect(await waiting).toBeLessThan(1_000);
    kafka.resume();
  });
});
