import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, expect, it } from "vitest";
import { encodeBatch, newProducer } from "../../ports/build-logged-batch.ts";
import { ManualClock } from "../../ports/manual-clock.ts";
import { readCondition } from "../read-conditions.ts";
import { Feeds } from "./feeds.ts";
import { SkippedCount } from "./skipped-count.ts";
import { settle, TailsOnMemory } from "./tail.fixture.ts";
import { TAIL_BOUNDS } from "./tail-bounds.ts";
import { tailedMessage } from "./tailed-message.ts";
import { Turns } from "./turns.ts";

const MiB = 2 ** 20;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

let on: TailsOnMemory | undefined;
afterEach(() => on?.close());

/** Of byte arrays that somebody still has. */
async function bytesHeld(): Promise<number> {
  await settle();
  collectGarbage();
  await settle();
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

it("does not keep a large message for one record of it that waits for a slow reader", async () => {
  const tails = new TailsOnMemory({ logBytesMax: 4 * MiB, bounds: { recentBytesMax: MiB } });
  on = tails;
  const slow = await tails.open({ query: "hit" });
  slow.block();
  const before = await bytesHeld();
  const filler = Array.from({ length: 300 }, () => "x".repeat(3_500));
  for (let at = 0; at < 30; at++) {
    await tails.append([...filler, `hit ${at}`]);
    tails.log.positionsOf("stored")[0] = tails.log.extentOf(0).end; // So it can make room.
  }
  expect((await bytesHeld()) - before).toBeLessThan(8 * MiB); // Of about 31 MB.
  slow.unblock();
  await settle();
  expect(slow.shown).toEqual(Array.from({ length: 30 }, (_, at) => `hit ${at}`));
});

it.each([
  ["one of ten", 1],
  ["half of them", 5],
  ["most of them", 9],
  ["all", 10],
])("counts at least what the queue keeps alive: %s", async (_, hits) => {
  const clock = new ManualClock();
  const quiet = { debug() {}, info() {}, warn() {}, error() {} };
  const feeds = new Feeds(new SkippedCount(clock, quiet), TAIL_BOUNDS);
  const feed = feeds.of("default", readCondition("hit", undefined));
  const reader = feed.join(() => undefined);
  const records = Array.from({ length: 10 }, (_, at) => ({
    message: `${at < hits ? "hit" : "other"} ${"x".repeat(900)}`,
  }));
  const bytes = new Uint8Array(encodeBatch({ tenant: "default", producer: newProducer(), records }));
  const message = tailedMessage({ partition: 0, offset: 0n, bytes });
  const found = new Map();
  await feeds.match(message, found, new Turns(clock));
  feeds.push(message, found, [], [0]);
  const item = feed.peek(reader);
  if (item?.kind !== "found") return expect.fail("nothing found");
  const kept = new Set(item.records.map((record) => record.keptAlive));
  expect(item.records).toHaveLength(hits);
  expect(feed.bytes).toBeGreaterThanOrEqual([...kept].reduce((sum, { byteLength }) => sum + byteLength, 0));
  expect(kept.size).toBe(hits * 2 > 10 ? 1 : hits);
});
