import { describe, expect, it } from "vitest";
import type { LoggedBatch } from "../domain/logged-batch.ts";
import { buildLoggedBatch } from "./build-logged-batch.ts";
import { counts, messages, newTenant, noDeadLetters, producerOfDay } from "./contract-batches.ts";
import type { LogSinkHarness } from "./log-sink.fixture.ts";

const DAY_MS = 86_400_000;

/** The part of the LogSink contract that is about days no longer kept. `harness`: there when the tests run. */
export function expiredContract(harness: () => LogSinkHarness): void {
  describe("days before the first", () => {
    const signal = AbortSignal.timeout(600_000);
    const store = (...batches: LoggedBatch[]) => harness().sink.store(batches, noDeadLetters, signal);
    const storedProducers = async (tenant: string) =>
      new Set((await harness().stored(tenant)).map(({ producer }) => producer));

    let daysAgo = 500;
    /** A day that no test of this store has let go of. */
    const nextFirstDay = () => Math.floor(Date.now() / DAY_MS) - --daysAgo;

    it("are expired with all their records, and change nothing; their neighbours are stored", async () => {
      const tenant = newTenant();
      const firstDay = nextFirstDay();
      const [old, kept, fresh] = [firstDay - 1, firstDay, firstDay + 1].map(producerOfDay);
      const before = [old!, kept!].map((producer) => buildLoggedBatch({ tenant, producer, records: messages(3) }));
      expect(await store(...before)).toEqual(counts({ stored: 6 }));

      const { firstDay: now } = await harness().retention.keepFrom({ records: firstDay, rollups: firstDay }, signal);
      await harness().firstDaySeen?.();
      expect(now).toBe(firstDay);
      expect(await storedProducers(tenant)).toEqual(new Set([kept]));

      const expired = buildLoggedBatch({
        tenant,
        producer: old!,
        firstSeq: 2,
        records: [harness().refusedRecord, ...messages(4)],
        rejected: [1],
        dropped: [2],
      });
      const neighbour = buildLoggedBatch({ tenant, producer: fresh!, records: messages(2) });
      const all = [before[0]!, expired, before[1]!, neighbour];
      expect(await store(...all)).toEqual(counts({ expired: 8, duplicate: 3, stored: 2 }));
      expect(await store(...all)).toEqual(counts({ expired: 8, duplicate: 5 }));
      expect(await storedProducers(tenant)).toEqual(new Set([kept, fresh]));
      const producer = producerOfDay(firstDay - 300);
      expect(await store(buildLoggedBatch({ tenant, producer, records: messages(1) }))).toEqual(counts({ expired: 1 }));
    });

    it("stay expired when the setting grows again", async () => {
      const firstDay = nextFirstDay();
      const keepFrom = (day: number) => harness().retention.keepFrom({ records: day, rollups: day }, signal);
      await keepFrom(firstDay);
      expect(await keepFrom(firstDay - 20)).toEqual({ firstDay, dropped: [] });
      await harness().firstDaySeen?.();
      const batchOf = (day: number) =>
        buildLoggedBatch({ tenant: newTenant(), producer: producerOfDay(day), records: messages(1) });
      expect(await store(batchOf(firstDay - 1), batchOf(firstDay))).toEqual(counts({ expired: 1, stored: 1 }));
    });
  });
}
