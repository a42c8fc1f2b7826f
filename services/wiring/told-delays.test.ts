import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { toldDelays } from "./told-delays.ts";

it("tells of batches together, none of them twice, and of the last ones at the end", async () => {
  const told: number[][] = [];
  const delays = toldDelays((delaysMs) => told.push(delaysMs), 5);
  await delays.start(new AbortController().signal);
  delays.note(100);
  delays.note(0);
  await sleep(50);
  expect(told).toEqual([[100, 0]]);
  delays.note(1_000);
  await delays.stop();
  expect(told).toEqual([[100, 0], [1_000]]);
});
