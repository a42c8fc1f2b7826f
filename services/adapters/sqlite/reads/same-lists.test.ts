import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { all, number, text } from "../../../domain/conditions.fixture.ts";
import { nanosToTimestamp } from "../../../domain/record-time.ts";
import { buildLoggedBatch, newProducer, type RecordToBuild } from "../../../ports/build-logged-batch.ts";
import { noDeadLetters } from "../../../ports/contract-batches.ts";
import { HOSTILE_TEXTS } from "../../../ports/hostile-texts.ts";
import { recordQuery } from "../../../ports/log-search.fixture.ts";
import type { RequestsCell } from "../../../ports/log-stats.ts";
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

/** At most one condition of each kind, as the list of an access log is usually asked. */
const query = fc.record({
  conditions: fc
    .tuple(
      fc.option(clientIp.map((value) => text("client_ip", value || "::1"))),
      fc.option(status.map((value) => number("status", BigInt(value)))),
      fc.option(method.map((value) => text("method", value || "GET"))),
      fc.option(
        fc
          .tuple(path, fc.nat(3), fc.integer({ min: 1, max: 9 }))
          .map(([some, start, length]) =>
            text("path", some.slice(start, start + length).toWellFormed() || "/", "contains"),
          ),
      ),
    )
    .map((some) => all(...some.filter((condition) => condition !== null))),
  startNanos: fc.option(nearNanos, { nil: undefined, freq: 1 }),
  endNanos: fc.option(nearNanos, { nil: undefined, freq: 1 }),
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
        for (const [{ conditions, ...times }, limit, offset] of asked) {
          const list = recordQuery(tenant, conditions, times);
          expect(await store.reads.list(list, limit, offset, signal)).toEqual(await memory.list(list, limit, offset));
        }
        for (const [from, to] of ranges) {
          const selection = {
            tenant,
            fromMinute: FIRST_MINUTE + from,
            toMinute: FIRST_MINUTE + to,
            service: undefined,
            path: undefined,
          };
          for (const step of [1, undefined]) {
            expect(plain(await store.reads.requests(selection, step, undefined, signal))).toEqual(
              plain(await memory.requests(selection, step, undefined)),
            );
            expect(byMinute(await store.reads.clients(selection, step, undefined, signal))).toEqual(
              byMinute(await memory.clients(selection, step, undefined)),
            );
          }
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

/** Histograms of the same latencies may be held in different ways. */
function plain(cells: RequestsCell[]) {
  return byMinute(cells).map(({ group, minute, tally: { latencyBuckets, ...sums } }) => {
    return { group, minute, sums, latencies: [...latencyBuckets.encode()] };
  });
}

function byMinute<Cell extends { minute: number }>(cells: Cell[]): Cell[] {
  return cells.sort((a, b) => a.minute - b.minute);
}
