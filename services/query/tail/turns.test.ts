import { afterEach, expect, it } from "vitest";
import { systemClock } from "../../runtime/system-clock.ts";
import { settle, TailsOnMemory } from "./tail.fixture.ts";
import { Turns } from "./turns.ts";

const RECORDS = 3_000;

let on: TailsOnMemory | undefined;
afterEach(() => on?.close());

/** Words that cost much to look for: phrases of which every beginning is there. */
const query = Array.from({ length: 60 }, (_, at) => `"w w w x${at}"`).join(" OR ");
const messages = Array.from({ length: RECORDS }, (_, at) => `w w w ${"w ".repeat(300)} ${at}`);

/** The longest that nobody else had a turn while the work was under way, in milliseconds. */
async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let isOver = false;
  let last = performance.now();
  const look = () => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  await work();
  isOver = true;
  return longest;
}

/** Time goes on by itself; what waits for it, waits for the test. */
function onRealTime(): TailsOnMemory {
  const tails = new TailsOnMemory();
  tails.clock.monotonicMs = systemClock.monotonicMs;
  return tails;
}

it("leaves the thread to others while a whole message is matched, by those who catch up too", async () => {
  const reads = onRealTime();
  on = reads;
  const start = (await reads.open({ query: "nothing" })).last.cursor;
  await reads.append(messages);
  const late = await longestTurn(async () => {
    const tails = Array.from({ length: 3 }, () => reads.start({ cursor: start, query }));
    await reads.append(["w w w x7"]);
    while (tails.some(({ shown }) => shown.length === 0)) await settle(1);
  });
  expect(late).toBeLessThan(100); // Of about 500.
});

it("does so also for conditions that come while a message is matched", { timeout: 30_000 }, async () => {
  const reads = onRealTime();
  on = reads;
  const start = (await reads.open({ query })).last.cursor;
  const longest = await longestTurn(async () => {
    void reads.append([...messages, "w w w x7"]);
    await settle(3); // The message is being matched now.
    const late = reads.start({ cursor: start, query: `${query} OR never` });
    while (late.shown.length === 0) await settle(1);
  });
  expect(longest).toBeLessThan(100);
});

it("gives one turn at a time, in order, to all who share it", async () => {
  let nowMs = 0;
  const turns = new Turns({ nowMs: () => nowMs, monotonicMs: () => nowMs, sleep: async () => undefined });
  const events: string[] = [];
  const work = async (name: string) => {
    for (let step = 0; step < 3; step++) {
      nowMs += 100; // Each step takes a whole turn.
      if (turns.isOver()) await turns.next();
      events.push(name);
    }
  };
  let isOver = false;
  const other = () => {
    events.push("|");
    if (!isOver) setImmediate(other);
  };
  const all = Promise.all([work("a"), work("b")]);
  setImmediate(other);
  await all;
  isOver = true;
  expect(events.join("")).toMatch(/^\|*a\|+b\|+a\|+b\|+a\|+b\|*$/);
});
