import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RECORDS_PER_BATCH_MAX, ROLLUP_SERIES_PER_MINUTE_MAX } from "../domain/limits.ts";
import { buildLoggedBatch, newProducer } from "./build-logged-batch.ts";
import { newTenant, noDeadLetters, request, storeOne } from "./contract-batches.ts";
import type { LogSink } from "./log-sink.ts";
import type { LogStats } from "./log-stats.ts";

/** Statistics under test and the sink of the same store. */
export interface LogStatsHarness {
  sink: LogSink;
  stats: LogStats;
  close(): Promise<void>;
}

const MINUTE = 60_000_000_000n;
const FIRST = 29_000_000; // A minute in 2025.

/** What every LogStats must do, whatever it is made of. */
export function logStatsContract(adapterName: string, make: () => Promise<LogStatsHarness>): void {
  describe(`${adapterName} keeps the LogStats contract`, () => {
    let harness: LogStatsHarness;
    const signal = AbortSignal.timeout(600_000);

    beforeAll(async () => {
      harness = await make();
      await harness.sink.prepare();
    });
    afterAll(() => harness?.close());

    const all = async (tenant: string, fromMinute = FIRST, toMinute = FIRST + 10) => ({
      statuses: Object.fromEntries(await harness.stats.statuses(tenant, fromMinute, toMinute, signal)),
      latency: await harness.stats.latency(tenant, fromMinute, toMinute, signal),
      traffic: await harness.stats.traffic(tenant, fromMinute, toMinute, signal),
    });
    const NOTHING = {
      statuses: {},
      latency: { count: 0, averageMs: 0, maxMs: 0 },
      traffic: { requests: 0, uniqueIps: 0 },
    };

    it("answers its check", () => harness.stats.check());

    it("has nothing for a tenant without requests", async () => {
      const tenant = newTenant();
      await storeOne(harness.sink, { tenant, records: [{ message: "no request" }] });
      expect(await all(tenant)).toEqual(NOTHING);
    });

    it("counts requests, the dropped included and the rejected not, over the minutes asked for", async () => {
      const tenant = newTenant();
      const at = (minute: number, nanos = 0n) => BigInt(FIRST + minute) * MINUTE + nanos;
      const records = [
        request(at(0), { clientIp: "10.0.0.1", status: 200, latency: { seconds: 1n, nanos: 500_000_000 } }),
        request(at(0, MINUTE - 1n), { clientIp: "10.0.0.2", status: 200, latency: { nanos: 1_500_000 } }),
        request(at(1), { clientIp: "10.0.0.1", status: 404 }),
        request(at(1), { clientIp: "10.0.0.3", status: 500, latency: {} }),
        request(at(2), { clientIp: "10.0.0.4", status: 503, latency: { seconds: 315_576_000_000n } }),
        { message: "no request" },
      ];
      const { batch } = await storeOne(harness.sink, { tenant, records, dropped: [1, 2], rejected: [3] });
      const first = {
        statuses: { 200: 2 },
        latency: { count: 2, averageMs: 750.75, maxMs: 1500 },
        traffic: { requests: 2, uniqueIps: 2 },
      };
      expect(await all(tenant, FIRST, FIRST)).toEqual(first);
      expect(await all(tenant, FIRST, FIRST + 1)).toEqual({
        ...first,
        statuses: { 200: 2, 404: 1 },
        traffic: { requests: 3, uniqueIps: 2 },
      });
      expect(await all(tenant, FIRST + 2, FIRST + 2)).toEqual({
        statuses: { 503: 1 },
        latency: { count: 1, averageMs: 315_576_000_000_000, maxMs: 315_576_000_000_000 },
        traffic: { requests: 1, uniqueIps: 1 },
      });
      expect(await all(tenant, FIRST - 5, FIRST - 1)).toEqual(NOTHING);
      expect(await all(newTenant())).toEqual(NOTHING);

      const before = await all(tenant);
      await harness.sink.store([batch, batch], noDeadLetters, signal);
      expect(await all(tenant)).toEqual(before);
    });

    it("sums producers, their days, log partitions, services and calls", async () => {
      const tenant = newTenant();
      const producers = [newProducer(), newProducer(), newProducer(Date.now() - 3 * 86_400_000)];
      for (const [partition, producer] of producers.entries()) {
        for (const service of ["cart", "checkout"]) {
          const records = Array.from({ length: 10 }, (_, index) => ({
            ...request(BigInt(FIRST) * MINUTE, {
              clientIp: `10.0.${partition}.${index}`,
              status: 200 + index,
              latency: { nanos: 2_000_000 * index },
            }),
            service,
          }));
          const firstSeq = service === "cart" ? 0 : 10;
          await storeOne(harness.sink, { tenant, producer, firstSeq, partition, records });
        }
      }
      expect(await all(tenant)).toEqual({
        statuses: Object.fromEntries(Array.from({ length: 10 }, (_, index) => [200 + index, 6])),
        latency: { count: 60, averageMs: 9, maxMs: 18 },
        traffic: { requests: 60, uniqueIps: 30 },
      });
    });

    it("counts each request once where calls with the same batches race", async () => {
      const tenant = newTenant();
      const records = Array.from({ length: 300 }, (_, index) =>
        request(BigInt(FIRST + (index % 5)) * MINUTE, { clientIp: `10.0.0.${index % 100}`, path: `/${index % 7}` }),
      );
      const batches = [newProducer(), newProducer()].map((producer) => buildLoggedBatch({ tenant, producer, records }));
      const store = (some: typeof batches) => harness.sink.store(some, noDeadLetters, signal);
      const apart = batches.map((batch) => store([batch]));
      await Promise.all([store(batches), store(batches.toReversed()), ...apart]);
      expect(await all(tenant)).toMatchObject({ statuses: { 0: 600 }, traffic: { requests: 600, uniqueIps: 100 } });
    });

    it("counts many paths, services and clients: all requests, and clients within 3 %", {
      timeout: 60_000,
    }, async () => {
      const tenant = newTenant();
      const clients = 20_000;
      expect(clients).toBeGreaterThan(2 * ROLLUP_SERIES_PER_MINUTE_MAX);
      for (let first = 0; first < clients; first += RECORDS_PER_BATCH_MAX / 2) {
        const records = Array.from({ length: RECORDS_PER_BATCH_MAX / 2 }, (_, index) => {
          const [number, a, b] = [first + index, (first + index) >> 8, (first + index) & 255];
          const http = { clientIp: `10.1.${a}.${b}`, path: `/${number}${"p".repeat(100)}`, status: 200 };
          return { ...request(BigInt(FIRST) * MINUTE, http), service: `service-${number % 3}` };
        });
        await storeOne(harness.sink, { tenant, records });
      }
      const { statuses, traffic } = await all(tenant);
      expect(statuses).toEqual({ 200: clients });
      expect(traffic.requests).toBe(clients);
      expect(Math.abs(traffic.uniqueIps / clients - 1)).toBeLessThan(0.03);
    });
  });
}
