import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HOUR_QUIET_MS_MIN, HOURS_PER_CALL_MAX } from "../domain/limits.ts";
import type { LoggedBatch } from "../domain/logged-batch.ts";
import { buildLoggedBatch, newProducer, type RecordToBuild } from "./build-logged-batch.ts";
import { newTenant, noDeadLetters, producerOfDay, request, storeOne } from "./contract-batches.ts";
import type { HourSums } from "./hour-sums.ts";
import type { LogSink } from "./log-sink.ts";
import type { LogStats, StatsGrouping, StatsSelection } from "./log-stats.ts";
import { everyRequest, trafficOf } from "./minute-stats.fixture.ts";
import type { Retention } from "./retention.ts";

/** Sums of hours under test, and the others of the same store. */
export interface HourSumsHarness {
  hourSums: HourSums;
  sink: LogSink;
  stats: LogStats;
  retention: Retention;
  /** Of the clock that the sink and the sums go by. */
  pass(ms: number): Promise<void>;
  /** How many hours of the tenant are answered from their sums, of all log partitions and producer days. */
  summedUp(tenant: string): Promise<number>;
  close(): Promise<void>;
}

const MINUTE = 60_000_000_000n;
const FIRST = 20_000 * 1_440; // The first minute of a day in 2024.
const DAY_MS = 86_400_000;

/** What every HourSums must do, whatever it is made of. */
export function hourSumsContract(adapterName: string, make: () => Promise<HourSumsHarness>): void {
  describe(`${adapterName} keeps the HourSums contract`, () => {
    let harness: HourSumsHarness;
    const signal = AbortSignal.timeout(600_000);

    beforeAll(async () => {
      harness = await make();
      await harness.sink.prepare();
    });
    afterAll(() => harness?.close());

    /** Sums up everything that there is to sum up. */
    const sumUpAll = async () => {
      await harness.pass(HOUR_QUIET_MS_MIN);
      let hours = 0;
      for (let some = -1; some !== 0; hours += some) some = await harness.hourSums.sumUp(signal);
      return hours;
    };

    it("has its store's name", () => {
      expect(harness.hourSums.name).toBe(harness.sink.name);
    });

    it("sums up hours that are quiet, each once", async () => {
      await sumUpAll();
      const tenant = newTenant();
      await storeOne(harness.sink, { tenant, records: [0, 1, 59, 60, 180].map((minute) => requestAt(minute)) });
      expect(await harness.hourSums.sumUp(signal)).toBe(0);
      await harness.pass(HOUR_QUIET_MS_MIN - 1);
      expect(await harness.hourSums.sumUp(signal)).toBe(0);
      await harness.pass(1);
      expect(await harness.hourSums.sumUp(signal)).toBe(3);
      expect(await harness.hourSums.sumUp(signal)).toBe(0);
      expect(await harness.summedUp(tenant)).toBe(3);
      expect(await trafficOf(harness.stats, tenant, FIRST, FIRST + 300)).toEqual({ requests: 5, uniqueIps: 5 });
    });

    it("sums up no more than HOURS_PER_CALL_MAX at once, those first that are quiet for the longest", async () => {
      await sumUpAll();
      const [early, late] = [newTenant(), newTenant()];
      const hours = Array.from({ length: HOURS_PER_CALL_MAX }, (_, hour) => requestAt(60 * hour));
      await storeOne(harness.sink, { tenant: early, records: hours });
      await harness.pass(1);
      await storeOne(harness.sink, { tenant: late, records: hours.slice(0, 1) });
      await harness.pass(HOUR_QUIET_MS_MIN);
      expect(await harness.hourSums.sumUp(signal)).toBe(HOURS_PER_CALL_MAX);
      expect([await harness.summedUp(early), await harness.summedUp(late)]).toEqual([HOURS_PER_CALL_MAX, 0]);
      expect(await harness.hourSums.sumUp(signal)).toBe(1);
      expect(await harness.summedUp(late)).toBe(1);
    });

    it("answers as before whatever is asked, whatever is summed up", { timeout: 120_000 }, async () => {
      const tenant = newTenant();
      const services = ["cart", "checkout", "shop\u0000é"];
      const requests = Array.from({ length: 600 }, (_, index) => ({
        ...requestAt((index * 37) % 400, {
          path: `/${index % 7}?${index}`,
          status: 200 + (index % 5),
          clientIp: `10.0.${index % 3}.${index % 101}`,
          latency: { nanos: 1_000 * ((index * 7_919) % 10_007) },
          responseBytes: BigInt(index) ** 6n,
        }),
        service: services[index % services.length]!,
      }));
      const producers = [newProducer(), newProducer(), newProducer(Date.now() - 3 * DAY_MS)];
      const store = async (records: RecordToBuild[]) => {
        for (const [partition, producer] of producers.entries()) {
          const firstSeq = seqs.get(producer) ?? 0;
          seqs.set(producer, firstSeq + records.length);
          await storeOne(harness.sink, { tenant, producer, firstSeq, partition, records });
        }
      };
      const seqs = new Map<string, number>();
      await store(requests);

      const arbitrary = fc.record({
        from: fc.integer({ min: -70, max: 450 }),
        minutes: fc.integer({ min: 1, max: 500 }),
        step: fc.constantFrom(undefined, 1, 60, 1_440),
        grouping: fc.constantFrom<StatsGrouping | undefined>(undefined, "service", "path", "service_and_path"),
        service: fc.constantFrom(undefined, ...services),
        path: fc.constantFrom(undefined, "/1", "/nobody"),
      });
      const wholeHours = { from: 0, minutes: 420, step: 60, grouping: "path" as const };
      const asked = [
        { ...wholeHours, service: undefined, path: undefined },
        { ...wholeHours, step: undefined, grouping: undefined, service: undefined, path: undefined },
        ...fc.sample(arbitrary, { numRuns: 60, seed: 7 }),
      ];
      const answers = async () => {
        const all: unknown[] = [];
        for (const { from, minutes, step, grouping, service, path } of asked) {
          const every = everyRequest(tenant, FIRST + from, FIRST + from + minutes - 1);
          all.push(await answerOf(harness.stats, { ...every, service, path }, step, grouping));
        }
        return all;
      };

      const byMinutes = await answers();
      expect(byMinutes.slice(0, 2)).not.toContainEqual(expect.objectContaining({ cells: [] }));
      await sumUpAll();
      expect(await harness.summedUp(tenant)).toBe(7);
      expect(await answers()).toEqual(byMinutes);

      await store([requestAt(130), requestAt(131, { path: "/late" })]);
      expect(await harness.summedUp(tenant)).toBe(6);
      const withLate = await answers();
      expect(withLate).not.toEqual(byMinutes);
      await sumUpAll();
      expect(await harness.summedUp(tenant)).toBe(7);
      expect(await answers()).toEqual(withLate);
    });

    it("loses and repeats nothing where others store and sum up at the same time", { timeout: 120_000 }, async () => {
      const tenant = newTenant();
      const producers = [newProducer(), newProducer(), newProducer()];
      const rounds = 20;
      const perRound = 30;
      const answersUnderWay: number[] = [];
      let isOver = false;
      const batchOf = (partition: number, round: number): LoggedBatch =>
        buildLoggedBatch({
          tenant,
          producer: producers[partition]!,
          partition,
          firstSeq: round * perRound,
          records: Array.from({ length: perRound }, (_, index) => requestAt((index * 13 + round) % 180)),
        });
      const storeAll = async (partition: number) => {
        for (let round = 0; round < rounds; round++) {
          await harness.sink.store([batchOf(partition, round)], noDeadLetters, signal);
        }
      };
      const sumUpAlways = async () => {
        while (!isOver) {
          await harness.pass(HOUR_QUIET_MS_MIN);
          await harness.hourSums.sumUp(signal);
        }
      };
      const askAlways = async () => {
        while (!isOver) {
          answersUnderWay.push((await trafficOf(harness.stats, tenant, FIRST, FIRST + 179)).requests);
        }
      };
      const others = [sumUpAlways(), sumUpAlways(), askAlways()];
      await Promise.all(producers.map((_, partition) => storeAll(partition)));
      isOver = true;
      await Promise.all(others);

      expect(answersUnderWay).toEqual(answersUnderWay.toSorted((a, b) => a - b)); // Counts only grow.
      expect(answersUnderWay.every((requests) => requests % perRound === 0)).toBe(true); // Of whole transactions.
      const all = producers.length * rounds * perRound;
      const total = async () => (await trafficOf(harness.stats, tenant, FIRST, FIRST + 179)).requests;
      expect(await total()).toBe(all);
      await sumUpAll();
      expect(await harness.summedUp(tenant)).toBe(3);
      expect(await total()).toBe(all);
    });

    it("forgets the sums of producer days whose rollups are no longer kept", async () => {
      const tenant = newTenant();
      const today = Math.floor(Date.now() / DAY_MS);
      const [old, kept] = [producerOfDay(today - 40), producerOfDay(today - 39)];
      await storeOne(harness.sink, { tenant, producer: old, records: [requestAt(0), requestAt(60)] });
      await storeOne(harness.sink, { tenant, producer: kept, records: [requestAt(1)] });
      await sumUpAll();
      await harness.retention.keepFrom({ records: today - 39, rollups: today - 39 }, signal);
      const total = async () => (await trafficOf(harness.stats, tenant, FIRST, FIRST + 119)).requests;
      expect(await total()).toBe(1);
      await storeOne(harness.sink, { tenant, producer: kept, firstSeq: 1, records: [requestAt(2)] });
      expect(await total()).toBe(2);
      await sumUpAll();
      expect(await total()).toBe(2);
    });
  });
}

function requestAt(minute: number, http: NonNullable<RecordToBuild["http"]> = {}): RecordToBuild {
  return request(BigInt(FIRST + minute) * MINUTE, { clientIp: `10.9.${minute >> 8}.${minute & 255}`, ...http });
}

/** All that the three questions of LogStats tell of a selection, in one order. */
async function answerOf(
  stats: LogStats,
  selection: StatsSelection,
  step: number | undefined,
  grouping: StatsGrouping | undefined,
) {
  const signal = AbortSignal.timeout(60_000);
  const busiest = grouping && (await stats.busiest(selection, grouping, 5, signal));
  const cells = await stats.requests(selection, step, busiest?.groups, signal);
  const ofService = selection.path === undefined && grouping !== "path" && grouping !== "service_and_path";
  const services = busiest?.groups.map(({ service }) => service!);
  const clients = ofService ? await stats.clients(selection, step, services, signal) : [];
  return {
    busiest,
    cells: cells
      .map(({ group, minute, tally }) => ({
        group,
        minute,
        ...tally,
        statuses: [...tally.statuses].sort(([a], [b]) => a - b),
        latencyBuckets: [...tally.latencyBuckets.encode()],
      }))
      .sort((a, b) => byText(a.group, b.group) || a.minute - b.minute),
    clients: clients
      .map(({ service, minute, clients: sketch }) => ({ service, minute, sketch: [...sketch.encode()] }))
      .sort((a, b) => byText(a.service, b.service) || a.minute - b.minute),
  };
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a ?? null) < JSON.stringify(b ?? null) ? -1 : Number(JSON.stringify(a) !== JSON.stringify(b));
}
