import { expect, it } from "vitest";
import { fullJitterMs } from "../domain/full-jitter.ts";
import type { LoggedBatch } from "../domain/logged-batch.ts";
import { batchSize, storeChunks } from "./store-chunks.ts";

const batch = (records: number, bytesEach = 10) =>
  ({
    recordCount: records,
    records: Array.from({ length: records }, () => ({ bytes: new Uint8Array(bytesEach) })),
  }) as LoggedBatch;
const sizes = (batches: LoggedBatch[]) =>
  [...storeChunks(batches, batchSize)].map((chunk) => chunk.map((one) => one.recordCount));

it.each([
  ["nothing", [], []],
  ["small batches go together", [batch(100), batch(200)], [[100, 200]]],
  ["up to 5,000 records", [batch(3_000), batch(2_000), batch(1)], [[3_000, 2_000], [1]]],
  ["a larger batch goes alone", [batch(1), batch(10_000), batch(1)], [[1], [10_000], [1]]],
  ["up to 8 MiB", [batch(20, 262_144), batch(12, 262_144), batch(1)], [[20, 12], [1]]],
])("%s", (_name, batches, expected) => expect(sizes(batches)).toEqual(expected));

it("waits between retries grow, never pass their bound and are never nothing", () => {
  expect(fullJitterMs(1, 1)).toBe(200);
  expect(fullJitterMs(4, 0.5)).toBe(800);
  expect(fullJitterMs(50, 1)).toBe(10_000);
  expect(fullJitterMs(50, 0)).toBe(100);
});

it("takes no batch before the chunk in front of it is asked for: the rest of a delivery is not decoded yet", () => {
  let taken = 0;
  function* batches() {
    for (let i = 0; i < 200; i++) {
      taken++;
      yield batch(5_000);
    }
  }
  const chunks = storeChunks(batches(), batchSize);
  chunks.next();
  expect(taken).toBe(2);
});
