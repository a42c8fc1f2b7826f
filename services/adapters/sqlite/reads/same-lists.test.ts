import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nanosToTimestamp } from "../../../domain/record-time.ts";
import type { AccessQuery } from "../../../ports/access-log.ts";
import { buildLoggedBatch, newProducer, type RecordToBuild } from "../../../ports/build-logged-batch.ts";
import { noDeadLetters } from "../../../ports/contract-batches.ts";
import { HOSTILE_TEXTS } from "../../../ports/hostile-texts.ts";
import { MemoryStore } from "../../memory/memory-store.ts";
import { makeStoreToRead, type StoreToRead } from "./reads.fixture.ts";

// Few of each, so that generated conditions meet generated records.
const MINUTE_NANOS = 60_000_000_000n;
const FIRST_MINUTE = 29_000_000;
const DAY_MS = 86_400_000;
const clientIp = fc.constantFrom("", "10.0.0.1", "10.0.0.10", "::1", ...HOSTILE_TEXTS.slice(0, 2));
const method = fc.constantFrom(
  "",
  "GET",
  "get",
  "Get",
  "K",
  "k",
  "\u212a",
  "Ж",
  "ж",
  "\u0130",
  "G\0",
  "g\0",
  "É",
  "e\u0301",
);
const path = fc.constantFrom("", "/", "/cart", "/Cart", "/cart/1?x=%", ...HOSTILE_TEXTS);
const status = fc.constantFrom(0, 200, 404, 500, 999, -7, 70_000);
const nearNanos = fc
  .tuple(fc.integer({ min: -2, max: 2 }), fc.integer({ min: -1, max: 1 }))
  .map(([minute, nanos]) => BigInt(FIRST_MINUTE + minute) * MINUTE_NANOS + BigInt(nanos));
const latency = fc.option(fc.record({ seconds: fc.bigInt({ min: 0n, max: 3n }), nanos: fc.nat(999_999_999) }), {
  nil: undefined,
});

const record: fc.Arbitrary<RecordToBuild> = fc.record({
  time: nearNanos.map(nanosToTimestamp),
  service: fc.constantFrom("a", "b"),
  http: fc.option(
    fc.record({ clientIp, method, path, status, latency, responseBytes: fc.bigInt(0n, 2n ** 53n - 1n) }),
    {
      nil: undefined,
    },
  ),
});

const query: fc.Arbitrary<Omit<AccessQuery, "tenant">> = fc.record({
  clientIp: fc.option(clientIp, { nil: undefined, freq: 1 }),
  status: fc.option(status, { nil: undefined, freq: 1 }),
  method: fc.option(method, { nil: undefined, freq: 1 }),
  pathPart: fc.option(
    fc
      .tuple(path, fc.nat(3), fc.nat(9))
      .map(([text, start, length]) => text.slice(start, start + length).toWellFormed()),
    { nil: undefined, freq: 1 },
  ),
  fromNanos: fc.option(nearNanos, { nil: undefined, freq: 1 }),
  toNanos: fc.option(nearNanos, { nil: undefined, freq: 1 }),
});

const minutes = fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -3, max: 3 }));

describe("SQLite and memory", () => {
  const signal = AbortSignal.timeout(600_000);
  let store: StoreToRead;

  beforeAll(async () => {
    store = await makeStoreToRead();
  });
  afterAll(() => store?.close());

  it("give the same lists and statistics of any records, dropped ones included", { timeout: 60_000 }, async () => {
    const records = fc.array(fc.tuple(record, fc.boolean()), { minLength: 1, maxLength: 80 });
    const lists = fc.array(fc.tuple(query, fc.nat(20), fc.nat(20)), { minLength: 10, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(records, lists, fc.array(minutes, { maxLength: 3 }), async (some, asked, ranges) => {
        const { tenant, memory } = await storeInBoth(some);
        for (const [conditions, limit, offset] of asked) {
          const page = await store.reads.list({ tenant, ...conditions }, limit, offset, signal);
          expect(page).toEqual(await memory.list({ tenant, ...conditions }, limit, offset));
        }
        for (const [from, to] of ranges) {
          const asks = [tenant, FIRST_MINUTE + from, FIRST_MINUTE + to] as const;
          expect(await store.reads.statuses(...asks, signal)).toEqual(await memory.statuses(...asks));
          expect(await store.reads.latency(...asks, signal)).toEqual(await memory.latency(...asks));
          expect(await store.reads.traffic(...asks, signal)).toEqual(await memory.traffic(...asks));
        }
      }),
      { numRuns: 100 },
    );
  });

  /** Two producers of two days, so that times are equal within one and across both. */
  async function storeInBoth(records: [RecordToBuild, boolean][]): Promise<{ tenant: string; memory: MemoryStore }> {
    const tenant = `tenant-${randomUUID()}`;
    const half = Math.floor(records.length / 2);
    const batches = [records.slice(0, half), records.slice(half)].map((some, place) =>
      buildLoggedBatch({
        tenant,
        producer: newProducer(Date.now() - place * DAY_MS),
        records: some.map(([built]) => built),
        dropped: some.flatMap(([, isKept], index) => (isKept ? [] : [index])),
      }),
    );
    await store.store(batches);
    const memory = new MemoryStore();
    await memory.store(batches, noDeadLetters, signal);
    return { tenant, memory };
  }
});
