import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HOUR_QUIET_MS_MIN } from "../../../domain/limits.ts";
import { nanosToTimestamp } from "../../../domain/record-time.ts";
import { buildLoggedBatch, newProducer, type RecordToBuild } from "../../../ports/build-logged-batch.ts";
import { noDeadLetters } from "../../../ports/contract-batches.ts";
import { HOSTILE_TEXTS } from "../../../ports/hostile-texts.ts";
import type { LogStats, StatsSelection } from "../../../ports/log-stats.ts";
import { MemoryStore } from "../../memory/memory-store.ts";
import { SqliteHourSums } from "../store/hour-sums.ts";
import { realClock } from "../store/store-rows.fixture.ts";
import { makeStoreToRead, type StoreToRead } from "./reads.fixture.ts";

// Few of each, so that generated questions meet generated records.
const MINUTE_NANOS = 60_000_000_000n;
const FIRST_MINUTE = 29_000_000;
const DAY_MS = 86_400_000;
const BATCHES = 3;
const service = fc.constantFrom("", "a", "a ", "ab", ...HOSTILE_TEXTS.slice(0, 3));
const path = fc.constantFrom("", "/", "b", "/cart", "/cart/1?x=%", ...HOSTILE_TEXTS.slice(3, 6));
const latency = fc.option(fc.record({ seconds: fc.bigInt({ min: 0n, max: 3n }), nanos: fc.nat(999_999_999) }), {
  nil: undefined,
});
const record: fc.Arbitrary<RecordToBuild> = fc.record({
  time: fc.nat(200).map((minute) => nanosToTimestamp(BigInt(FIRST_MINUTE + minute) * MINUTE_NANOS)),
  service,
  http: fc.option(
    fc.record({
      clientIp: fc.constantFrom("", "10.0.0.1", "::1", ...HOSTILE_TEXTS.slice(0, 2)),
      path,
      status: fc.constantFrom(0, 200, 404, 999, -7, 70_000),
      latency,
      responseBytes: fc.bigInt(0n, 2n ** 53n - 1n),
    }),
    { nil: undefined, freq: 8 },
  ),
});

const perhaps = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: undefined, freq: 1 });
const question = fc.record({
  from: fc.integer({ min: -3, max: 200 }),
  minutes: fc.integer({ min: -1, max: 200 }),
  service: perhaps(service),
  path: perhaps(path),
  step: fc.constantFrom(undefined, 1, 60, 1_440),
  grouping: fc.constantFrom("service", "path", "service_and_path"),
  size: fc.nat(8),
});

describe("SQLite and memory", () => {
  const signal = AbortSignal.timeout(600_000);
  const later = { ...realClock, nowMs: () => Date.now() + HOUR_QUIET_MS_MIN };
  let store: StoreToRead;

  beforeAll(async () => {
    store = await makeStoreToRead();
  });
  afterAll(() => store?.close());

  it("give the same statistics of any records, dropped ones included, whatever is summed up", {
    timeout: 60_000,
  }, async () => {
    const records = fc.array(fc.tuple(record, fc.boolean()), { minLength: 1, maxLength: 80 });
    const questions = fc.array(question, { minLength: 8, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(records, fc.nat(BATCHES), questions, async (some, summedUp, asked) => {
        const { tenant, memory } = await storeInBoth(some, summedUp);
        for (const one of asked)
          expect(await answers(store.reads, tenant, one)).toEqual(await answers(memory, tenant, one));
      }),
      { numRuns: 100 },
    );
  });

  /** All that can be asked about one selection. */
  async function answers(
    stats: LogStats,
    tenant: string,
    {
      from,
      minutes,
      step,
      grouping,
      size,
      ...names
    }: typeof question extends fc.Arbitrary<infer Question> ? Question : never,
  ) {
    const [fromMinute, toMinute] = [FIRST_MINUTE + from, FIRST_MINUTE + from + minutes];
    const selection: StatsSelection = { tenant, fromMinute, toMinute, ...names };
    const withoutPath = { ...selection, path: undefined };
    const busiest = await stats.busiest(selection, grouping, size, signal);
    const services = (await stats.busiest(withoutPath, "service", size, signal)).groups.map((group) => group.service!);
    const all = {
      requests: await stats.requests(selection, step, undefined, signal),
      grouped: await stats.requests(selection, step, busiest.groups, signal),
      clients: await stats.clients(withoutPath, step, undefined, signal),
      byService: await stats.clients(withoutPath, step, services, signal),
    };
    const sorted = Object.entries(all).map(([name, cells]) => [name, cells.map(plainOf).sort()]);
    return { busiest, ...Object.fromEntries(sorted) };
  }

  /** In batches of producers of two days; hours are summed up once so many of them are stored. */
  async function storeInBoth(
    records: [RecordToBuild, boolean][],
    summedUp: number,
  ): Promise<{ tenant: string; memory: MemoryStore }> {
    const tenant = `tenant-${randomUUID()}`;
    const part = Math.ceil(records.length / BATCHES);
    const batches = Array.from({ length: BATCHES }, (_, place) => {
      const some = records.slice(place * part, (place + 1) * part);
      return buildLoggedBatch({
        tenant,
        producer: newProducer(Date.now() - (place % 2) * DAY_MS),
        records: some.map(([built]) => built),
        dropped: some.flatMap(([, isKept], index) => (isKept ? [] : [index])),
      });
    });
    await store.store(batches.slice(0, summedUp));
    const hourSums = new SqliteHourSums({ tables: store.tables, clock: later });
    while ((await hourSums.sumUp(signal)) > 0);
    await store.store(batches.slice(summedUp));
    const memory = new MemoryStore();
    await memory.store(batches, noDeadLetters, signal);
    return { tenant, memory };
  }
});

type Cell = Awaited<ReturnType<LogStats["requests"]>>[number] | Awaited<ReturnType<LogStats["clients"]>>[number];

/** As text, so that cells in any order can be compared. */
function plainOf(cell: Cell): string {
  const { minute } = cell;
  if ("clients" in cell) return JSON.stringify([cell.service ?? null, minute, hex(cell.clients.encode())]);
  const { latencyBuckets, statuses, ...sums } = cell.tally;
  const plain = [cell.group ?? null, minute, sums, [...statuses].sort(), hex(latencyBuckets.encode())];
  return JSON.stringify(plain, (_, value) => (typeof value === "bigint" ? String(value) : value));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
