import { describe, expect, it } from "vitest";
import { MemoryStore } from "../adapters/memory/memory-store.ts";
import { nanosToTimestamp } from "../domain/record-time.ts";
import { buildLoggedBatch, newProducer, type RecordToBuild } from "../ports/build-logged-batch.ts";
import { noDeadLetters } from "../ports/contract-batches.ts";
import { askerOf, CONTEXT } from "./stats-service.fixture.ts";

const NOW_MS = Date.UTC(2026, 10, 21, 13, 0, 30);
const MINUTE = 60_000;

const request = (agoMs: number, clientIp: string, status: number, latencyMs?: number): RecordToBuild => ({
  time: nanosToTimestamp(BigInt(NOW_MS - agoMs) * 1_000_000n),
  http: {
    clientIp,
    status,
    latency: latencyMs === undefined ? undefined : { seconds: 0n, nanos: latencyMs * 1_000_000 },
  },
});

async function stats(records: RecordToBuild[], ttlMs = { hour: 0, day: 0, week: 0 }) {
  let nowMs = NOW_MS;
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, sleep: async () => {} };
  const store = new MemoryStore();
  const producer = newProducer(NOW_MS);
  const add = (more: RecordToBuild[], firstSeq: number) =>
    store.store(
      [buildLoggedBatch({ tenant: "default", producer, firstSeq, records: more })],
      noDeadLetters,
      CONTEXT.signal,
    );
  await add(records, 0);
  const asker = askerOf({ stats: store, clock, ttlMs });
  const get = (type = "", range = "") => asker.stats({ type, range });
  return { get, add, advance: (ms: number) => (nowMs += ms) };
}

const LAST_HOUR = [
  request(0, "1.1.1.1", 200, 10),
  request(5 * MINUTE, "1.1.1.1", 404, 30),
  request(30 * MINUTE, "2.2.2.2", 404),
  request(59 * MINUTE, "3.3.3.3", 500, 20),
  request(3 * 60 * MINUTE, "4.4.4.4", 502, 100),
  request(3 * 24 * 60 * MINUTE, "5.5.5.5", 503, 1_000),
  { message: "no request" },
];

describe("GetStats", () => {
  it.each([
    ["errors", "hour", { 404: 2, 500: 1 }],
    ["errors", "day", { 404: 2, 500: 1, 502: 1 }],
    ["errors", "week", { 404: 2, 500: 1, 502: 1, 503: 1 }],
    ["latency", "hour", { avg_latency: 20, max_latency: 30 }],
    ["latency", "week", { avg_latency: 232, max_latency: 1_000 }],
    ["traffic", "hour", { total_request: 4, unique_ips: 3 }],
    ["traffic", "week", { total_request: 6, unique_ips: 5 }],
  ])("%s over the last %s", async (type, range, data) => {
    const { get } = await stats(LAST_HOUR);
    expect(await get(type, range)).toMatchObject({ type, data });
  });

  it("means errors of the last hour where nothing is said", async () => {
    const { get } = await stats(LAST_HOUR);
    expect(await get()).toMatchObject({ type: "errors", data: { 404: 2, 500: 1 } });
  });

  it("is zeros where there is nothing", async () => {
    const { get } = await stats([]);
    expect(await get("errors")).toMatchObject({ data: {} });
    expect(await get("latency")).toMatchObject({ data: { avg_latency: 0, max_latency: 0 } });
    expect(await get("traffic")).toMatchObject({ data: { total_request: 0, unique_ips: 0 } });
  });

  it.each([
    ["speed", ""],
    ["errors", "year"],
    ["__proto__", ""],
    ["", "constructor"],
  ])("refuses type %j with range %j and says what there is", async (type, range) => {
    const { get } = await stats([]);
    await expect(get(type, range)).rejects.toMatchObject({
      kind: "invalid_request",
      message: expect.stringMatching(/must be one of/),
    });
  });

  it("remembers an answer for its time", async () => {
    const { get, add, advance } = await stats(LAST_HOUR, { hour: 5_000, day: 0, week: 0 });
    expect(await get("traffic")).toMatchObject({ data: { total_request: 4 } });
    await add([request(0, "9.9.9.9", 200)], 100);
    expect(await get("traffic")).toMatchObject({ data: { total_request: 4 } });
    expect(await get("traffic", "day")).toMatchObject({ data: { total_request: 6 } });
    advance(5_001);
    expect(await get("traffic")).toMatchObject({ data: { total_request: 5 } });
  });
});
