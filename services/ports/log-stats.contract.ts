import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HyperLogLog } from "../domain/hyperloglog.ts";
import { LatencyHistogram } from "../domain/latency-histogram.ts";
import { RECORDS_PER_BATCH_MAX, ROLLUP_SERIES_PER_MINUTE_MAX } from "../domain/limits.ts";
import { OTHER } from "../domain/rollup.ts";
import { buildLoggedBatch, newProducer, type RecordToBuild } from "./build-logged-batch.ts";
import { newTenant, noDeadLetters, request, storeOne } from "./contract-batches.ts";
import { HOSTILE_TEXTS } from "./hostile-texts.ts";
import type { LogSink } from "./log-sink.ts";
import type { LogStats, StatsGroup, StatsSelection } from "./log-stats.ts";
import { everyRequest, statusesOf, trafficOf } from "./minute-stats.fixture.ts";

/** Statistics under test and the sink of the same store. */
export interface LogStatsHarness {
  sink: LogSink;
  stats: LogStats;
  close(): Promise<void>;
}

const MINUTE = 60_000_000_000n;
const DAY_MINUTES = 1_440;
const FIRST = 20_000 * DAY_MINUTES; // The first minute of a day in 2024: also of an hour.

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

    const selection = (tenant: string, some: Partial<StatsSelection> = {}): StatsSelection => ({
      ...everyRequest(tenant, FIRST, FIRST + 10),
      ...some,
    });
    const sums = async (asked: StatsSelection, step?: number, groups?: readonly StatsGroup[]) => {
      const cells = await harness.stats.requests(asked, step, groups, signal);
      const said = cells.map(({ group, minute, tally }) => [nameOf(group), minute - FIRST, tally.requests]);
      return said.sort(byText);
    };
    const addresses = async (asked: StatsSelection, step?: number, services?: readonly string[]) => {
      const cells = await harness.stats.clients(asked, step, services, signal);
      const said = cells.map(({ service, minute, clients }) => [service, minute - FIRST, estimateOf(clients)]);
      return said.sort(byText);
    };
    const busiest = async (asked: StatsSelection, grouping: "service" | "path" | "service_and_path", size = 10) => {
      const { groups, total } = await harness.stats.busiest(asked, grouping, size, signal);
      return { groups: groups.map(nameOf), total };
    };

    it("has nothing for a tenant without requests", async () => {
      const tenant = newTenant();
      await storeOne(harness.sink, { tenant, records: [{ message: "no request" }] });
      for (const asked of [selection(tenant), selection(newTenant())]) {
        expect(await sums(asked)).toEqual([]);
        expect(await sums(asked, 60, [{ service: "contract", path: undefined }])).toEqual([]);
        expect(await addresses(asked)).toEqual([]);
        expect(await busiest(asked, "service")).toEqual({ groups: [], total: 0 });
      }
    });

    it("answers its check", () => harness.stats.check());

    it("sums requests, the dropped included and the rejected not, and each once", async () => {
      const tenant = newTenant();
      const at = (minute: number, nanos = 0n) => BigInt(FIRST + minute) * MINUTE + nanos;
      const second = { seconds: 1n, nanos: 500_000_000 };
      const records = [
        request(at(0), { clientIp: "10.0.0.1", status: 200, latency: second, responseBytes: 2n ** 53n - 1n }),
        request(at(0, MINUTE - 1n), { clientIp: "10.0.0.2", status: 200, latency: { nanos: 1_500_000 } }),
        request(at(1), { clientIp: "10.0.0.1", status: 404, responseBytes: 2n ** 53n - 1n }),
        request(at(1), { clientIp: "10.0.0.3", status: 500, latency: {} }),
        request(at(2), { clientIp: "10.0.0.4", status: 503, latency: { seconds: 2_147_483n } }),
        { message: "no request" },
      ];
      const { batch } = await storeOne(harness.sink, { tenant, records, dropped: [1, 2], rejected: [3] });
      const [cell, ...more] = await harness.stats.requests(selection(tenant), undefined, undefined, signal);
      expect(more).toEqual([]);
      const { latencyBuckets, ...tally } = cell!.tally; // Histograms of the same latencies may be held in different ways.
      const latencies = histogramOf(1_500_000_000n, 1_500_000n, 2_147_483_000_000_000n);
      expect([...latencyBuckets.encode()]).toEqual([...latencies.encode()]);
      expect({ ...cell, tally }).toEqual({
        group: undefined,
        minute: FIRST,
        tally: {
          requests: 4,
          responseBytes: 2n ** 54n - 2n,
          statuses: new Map([
            [200, 2],
            [404, 1],
            [503, 1],
          ]),
          latencyCount: 3,
          latencySumNanos: 2_147_484_501_500_000n,
          latencyMaxNanos: 2_147_483_000_000_000n,
        },
      });
      const before = await sums(selection(tenant), 1);
      expect(before).toEqual([
        ["", 0, 2],
        ["", 1, 1],
        ["", 2, 1],
      ]);
      await harness.sink.store([batch, batch], noDeadLetters, signal);
      expect(await sums(selection(tenant), 1)).toEqual(before);
      expect(await addresses(selection(tenant))).toEqual([[undefined, 0, 3]]);
    });

    it("takes minutes from the first to the last, both included, and no others", async () => {
      const tenant = newTenant();
      const records = [-1, 0, 5, 6].map((minute) => ofMinute(minute, { clientIp: `10.0.0.${minute}` }));
      await storeOne(harness.sink, { tenant, records });
      const asked = (from: number, to: number) => selection(tenant, { fromMinute: FIRST + from, toMinute: FIRST + to });
      expect(await sums(asked(0, 5))).toEqual([["", 0, 2]]);
      expect(await addresses(asked(-1, 6), 1)).toHaveLength(4);
      expect(await sums(asked(1, 4))).toEqual([]);
      expect(await sums(asked(5, 4))).toEqual([]);
      expect(await addresses(asked(1, 4))).toEqual([]);
      expect(await busiest(asked(1, 4), "path")).toEqual({ groups: [], total: 0 });
    });

    it("cuts time at multiples of the step, also before the first minute asked for", async () => {
      const tenant = newTenant();
      const minutes = [30, 59, 60, 61, 1_439, 1_440];
      await storeOne(harness.sink, {
        tenant,
        records: minutes.map((minute) => ofMinute(minute, { clientIp: `10.0.0.${minute % 2}` })),
      });
      const asked = selection(tenant, { fromMinute: FIRST + 30, toMinute: FIRST + 1_440 });
      const hours = [
        [0, 2],
        [60, 2],
        [1_380, 1],
        [1_440, 1],
      ];
      expect(await sums(asked, 60)).toEqual(hours.map(([minute, count]) => ["", minute, count]).sort(byText));
      expect(await sums(asked, DAY_MINUTES)).toEqual([
        ["", 0, 5],
        ["", 1_440, 1],
      ]);
      expect(await sums(asked)).toEqual([["", 30, 6]]);
      expect(await addresses(asked, DAY_MINUTES)).toEqual([
        [undefined, 0, 2],
        [undefined, 1_440, 1],
      ]);
      expect(await addresses(asked)).toEqual([[undefined, 30, 2]]);
    });

    describe("with services and paths", () => {
      let tenant: string;
      const REQUESTS: [service: string, path: string, requests: number][] = [
        ["cart", "/", 3],
        ["cart", "/a", 2],
        ["pay", "/", 2],
        ["pay", "/a?query", 1],
        ["pay", "/b", 2],
        ["a", "bc", 1],
        ["ab", "c", 1],
      ];

      beforeAll(async () => {
        tenant = newTenant();
        const records = REQUESTS.flatMap(([service, path, count], place) =>
          Array.from({ length: count }, (_, index) => ({
            ...ofMinute(index, { path, clientIp: `10.0.${place}.${index}` }),
            service,
          })),
        );
        await storeOne(harness.sink, { tenant, records });
      });

      it("tells the busiest, ties by the bytes of their names, and how many there are", async () => {
        const asked = selection(tenant);
        expect(await busiest(asked, "service")).toEqual({ groups: ["cart", "pay", "a", "ab"], total: 4 });
        expect(await busiest(asked, "path", 3)).toEqual({ groups: [" /", " /a", " /b"], total: 5 });
        expect(await busiest(asked, "service_and_path", 5)).toEqual({
          groups: ["cart /", "cart /a", "pay /", "pay /b", "a bc"],
          total: 7,
        });
        expect(await busiest(asked, "service", 0)).toEqual({ groups: [], total: 4 });
        expect(await busiest({ ...asked, service: "pay" }, "path")).toEqual({
          groups: [" /", " /b", " /a"],
          total: 3,
        });
        expect(await busiest({ ...asked, path: "/" }, "service")).toEqual({ groups: ["cart", "pay"], total: 2 });
      });

      it("sums those of one service, one path, or both", async () => {
        const of = (service?: string, path?: string) => sums(selection(tenant, { service, path }));
        expect(await of("pay")).toEqual([["", 0, 5]]);
        expect(await of(undefined, "/a")).toEqual([["", 0, 3]]);
        expect(await of("pay", "/a")).toEqual([["", 0, 1]]);
        for (const [service, path] of [["Pay"], ["pay "], [undefined, "/a?query"], ["a", "b"], ["abc", ""], [""]]) {
          expect(await of(service, path)).toEqual([]);
        }
        expect(await addresses(selection(tenant, { service: "pay" }))).toEqual([[undefined, 0, 5]]);
        expect(await addresses(selection(tenant, { service: "nobody" }))).toEqual([]);
      });

      it("tells groups apart, by piece of time, and leaves others out", async () => {
        const asked = selection(tenant);
        const services = ["pay", "ab", "nobody"];
        expect(
          await sums(
            asked,
            1,
            services.map((service) => ({ service, path: undefined })),
          ),
        ).toEqual([
          ["ab", 0, 1],
          ["pay", 0, 3],
          ["pay", 1, 2],
        ]);
        expect(
          await sums(asked, undefined, [
            { service: undefined, path: "/" },
            { service: undefined, path: "/a" },
          ]),
        ).toEqual([
          [" /", 0, 5],
          [" /a", 0, 3],
        ]);
        expect(
          await sums(asked, undefined, [
            { service: "cart", path: "/" },
            { service: "a", path: "bc" },
          ]),
        ).toEqual([
          ["a bc", 0, 1],
          ["cart /", 0, 3],
        ]);
        expect(await sums({ ...asked, service: "pay" }, undefined, [{ service: undefined, path: "/" }])).toEqual([
          [" /", 0, 2],
        ]);
        expect(await sums(asked, 60, [])).toEqual([]);
        expect(await addresses(asked, 1, services)).toEqual([
          ["ab", 0, 1],
          ["pay", 0, 3],
          ["pay", 1, 2],
        ]);
        expect(await addresses(asked, undefined, [])).toEqual([]);
      });
    });

    it("tells hostile names apart, and long ones that differ at their end", async () => {
      const tenant = newTenant();
      const services = [...HOSTILE_TEXTS.filter((text) => Buffer.byteLength(text) <= 256), "", "a", "a "];
      const paths = [...["1", "2"].map((end) => `/${"p".repeat(8_000)}${end}`), ...HOSTILE_TEXTS, ""];
      const cleanPaths = [...new Set(paths.map((path) => path.split("?")[0]!))];
      const records = [...new Set(services)].flatMap((service) =>
        cleanPaths.map((path) => ({ ...ofMinute(0, { path }), service })),
      );
      await storeOne(harness.sink, { tenant, records });
      const asked = selection(tenant);
      for (const grouping of ["service", "path", "service_and_path"] as const) {
        const { groups, total } = await harness.stats.busiest(asked, grouping, 1_000, signal);
        expect(total).toBe(
          { service: new Set(services).size, path: cleanPaths.length, service_and_path: records.length }[grouping],
        );
        const cells = await harness.stats.requests(asked, undefined, groups, signal);
        expect(new Set(cells.map(({ group }) => nameOf(group)))).toEqual(new Set(groups.map(nameOf)));
        expect(cells.reduce((sum, { tally }) => sum + tally.requests, 0)).toBe(records.length);
      }
      const [service, path] = [services[0]!, cleanPaths[1]!];
      expect(await sums({ ...asked, service, path })).toEqual([["", 0, 1]]);
    });

    it("sums producers, their days, log partitions, services and calls", async () => {
      const tenant = newTenant();
      const producers = [newProducer(), newProducer(), newProducer(Date.now() - 3 * 86_400_000)];
      for (const [partition, producer] of producers.entries()) {
        for (const service of ["cart", "checkout"]) {
          const records = Array.from({ length: 10 }, (_, index) => ({
            ...ofMinute(0, {
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
      expect(Object.fromEntries(await statusesOf(harness.stats, tenant, FIRST))).toEqual(
        Object.fromEntries(Array.from({ length: 10 }, (_, index) => [200 + index, 6])),
      );
      expect(await trafficOf(harness.stats, tenant, FIRST)).toEqual({ requests: 60, uniqueIps: 30 });
      const cart = selection(tenant, { service: "cart" });
      const [cell] = await harness.stats.requests(cart, undefined, undefined, signal);
      expect(cell!.tally.latencySumNanos).toBe(3n * 90_000_000n);
      const latencies = Array.from({ length: 30 }, (_, index) => BigInt(2_000_000 * (index % 10)));
      expect(cell!.tally.latencyBuckets.encode()).toEqual(histogramOf(...latencies).encode());
    });

    it("counts each request once where calls with the same batches race", async () => {
      const tenant = newTenant();
      const records = Array.from({ length: 300 }, (_, index) =>
        ofMinute(index % 5, { clientIp: `10.0.0.${index % 100}`, path: `/${index % 7}`, latency: { nanos: index } }),
      );
      const batches = [newProducer(), newProducer()].map((producer) => buildLoggedBatch({ tenant, producer, records }));
      const store = (some: typeof batches) => harness.sink.store(some, noDeadLetters, signal);
      const apart = batches.map((batch) => store([batch]));
      await Promise.all([store(batches), store(batches.toReversed()), ...apart]);
      expect(await trafficOf(harness.stats, tenant, FIRST, FIRST + 10)).toEqual({ requests: 600, uniqueIps: 100 });
      const { groups, total } = await harness.stats.busiest(selection(tenant), "path", 10, signal);
      expect(total).toBe(7);
      for (const asked of [undefined, groups]) {
        const cells = await harness.stats.requests(selection(tenant), undefined, asked, signal);
        expect(cells.reduce((sum, { tally }) => sum + tally.latencyBuckets.count, 0)).toBe(600);
      }
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
          return { ...ofMinute(0, http), service: `service-${number % 3}` };
        });
        await storeOne(harness.sink, { tenant, records });
      }
      const { requests, uniqueIps } = await trafficOf(harness.stats, tenant, FIRST);
      expect(requests).toBe(clients);
      expect(Math.abs(uniqueIps / clients - 1)).toBeLessThan(0.03);
      expect(await busiest(selection(tenant), "service_and_path", 1)).toEqual({
        groups: [`${OTHER} ${OTHER}`],
        total: ROLLUP_SERIES_PER_MINUTE_MAX + 1,
      });
      expect(await sums(selection(tenant, { service: OTHER, path: OTHER }))).toEqual([
        ["", 0, clients - ROLLUP_SERIES_PER_MINUTE_MAX],
      ]);
    });
  });
}

function ofMinute(minute: number, http: NonNullable<RecordToBuild["http"]>): RecordToBuild {
  return request(BigInt(FIRST + minute) * MINUTE, http);
}

function histogramOf(...latencies: bigint[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const nanos of latencies) histogram.add(nanos);
  return histogram;
}

/** A few: the estimate is then exact. */
function estimateOf(clients: HyperLogLog): number {
  return Math.round(clients.estimate());
}

/** "cart" of a service, " /a" of a path, "cart /a" of both, "" where there are no groups. */
function nameOf(group: StatsGroup | undefined): string {
  const { service = "", path } = group ?? {};
  return path === undefined ? service : `${service} ${path}`;
}

function byText(a: unknown[], b: unknown[]): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
