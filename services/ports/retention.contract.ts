import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isKind } from "../domain/errors.ts";
import { identityText } from "../domain/identity.ts";
import type { LoggedBatch } from "../domain/logged-batch.ts";
import { buildLoggedBatch } from "./build-logged-batch.ts";
import { counts, idsOf, messages, newTenant, noDeadLetters, producerOfDay, request } from "./contract-batches.ts";
import type { LogSinkHarness } from "./log-sink.fixture.ts";
import { trafficOf } from "./minute-stats.fixture.ts";
import type { KeptDays } from "./retention.ts";

const DAY_MS = 86_400_000;
const MINUTE = 29_000_000; // Any minute: rollups of a producer's day hold requests of any time.

/** What every Retention must do, whatever it is made of. */
export function retentionContract(adapterName: string, make: () => Promise<LogSinkHarness>): void {
  describe(`${adapterName} keeps the Retention contract`, () => {
    let harness: LogSinkHarness;
    const signal = AbortSignal.timeout(600_000);

    beforeAll(async () => {
      harness = await make();
      await harness.sink.prepare();
    });
    afterAll(() => harness?.close());

    const store = (...batches: LoggedBatch[]) => harness.sink.store(batches, noDeadLetters, signal);
    const keepFrom = (records: number, rollups = records): Promise<KeptDays> =>
      harness.retention.keepFrom({ records, rollups }, signal);
    const batchOf = (tenant: string, day: number, count = 3) =>
      buildLoggedBatch({ tenant, producer: producerOfDay(day), records: messages(count) });
    const storedIds = async (tenant: string) =>
      (await harness.stored(tenant)).map(({ producer, seq }) => identityText(producer, seq)).sort();
    const allIds = (...batches: LoggedBatch[]) =>
      batches.flatMap(({ producer, recordCount }) => idsOf(producer, 0, recordCount)).sort();

    let weeksAgo = 200;
    /** The first of seven days, later than those of every test before, whose records are gone. */
    async function nextWeek(): Promise<number> {
      const day = Math.floor(Date.now() / DAY_MS) - 7 * --weeksAgo;
      await keepFrom(day);
      return day;
    }

    it("has its store's name", () => {
      expect(harness.retention.name).toBe(harness.sink.name);
    });

    it("drops nothing where nothing is stored", async () => {
      const day = await nextWeek();
      expect(await keepFrom(day)).toEqual({ firstDay: day, dropped: [] });
      expect(await keepFrom(day)).toEqual({ firstDay: day, dropped: [] });
    });

    it("drops every day before the first once, and says which", async () => {
      const day = await nextWeek();
      const [one, other] = [newTenant(), newTenant()];
      const batches = [batchOf(one, day), batchOf(other, day), batchOf(one, day + 1), batchOf(one, day + 4)];
      const [kept, alsoKept] = [batchOf(one, day + 3), batchOf(other, day + 5)];
      await store(...batches, kept, alsoKept);
      expect(await keepFrom(day + 3)).toEqual({ firstDay: day + 3, dropped: [day, day + 1] });
      expect(await keepFrom(day + 3)).toEqual({ firstDay: day + 3, dropped: [] });
      expect(await storedIds(one)).toEqual(allIds(kept, batches[3]!));
      expect(await storedIds(other)).toEqual(allIds(alsoKept));
    });

    it("moves the first day forward only", async () => {
      const day = await nextWeek();
      const kept = batchOf(newTenant(), day + 1);
      await store(kept);
      await keepFrom(day + 1);
      expect(await keepFrom(day)).toEqual({ firstDay: day + 1, dropped: [] });
      expect(await keepFrom(day - 400)).toEqual({ firstDay: day + 1, dropped: [] });
      await harness.firstDaySeen?.();
      expect(await store(batchOf(kept.tenant, day), kept)).toEqual(counts({ expired: 3, duplicate: 3 }));
      expect(await keepFrom(day + 1)).toEqual({ firstDay: day + 1, dropped: [] });
      expect(await storedIds(kept.tenant)).toEqual(allIds(kept));
    });

    it("is done once by several at once, to the latest of their days", async () => {
      const day = await nextWeek();
      const tenant = newTenant();
      const batches = [0, 1, 2, 3].map((later) => batchOf(tenant, day + later));
      await store(...batches);
      const wanted = [2, 3, 1, 3, 0].map((later) => day + later);
      const all = await Promise.all(wanted.map((first) => keepFrom(first)));
      for (const [index, { firstDay }] of all.entries()) {
        expect(firstDay).toBeGreaterThanOrEqual(wanted[index]!);
        expect(firstDay).toBeLessThanOrEqual(day + 3);
      }
      expect(all.flatMap(({ dropped }) => dropped).sort((a, b) => a - b)).toEqual([day, day + 1, day + 2]);
      expect(await keepFrom(day)).toEqual({ firstDay: day + 3, dropped: [] });
      expect(await storedIds(tenant)).toEqual(allIds(batches[3]!));
    });

    it("goes together with storing: what is kept is stored once, what is not is gone", {
      timeout: 120_000,
    }, async () => {
      const day = await nextWeek();
      const tenant = newTenant();
      const batches = Array.from({ length: 60 }, (_, index) => batchOf(tenant, day + (index % 4), 20));
      const kept = batches.filter(({ producerDay }) => producerDay >= day + 2);
      const storing = [batches, batches.toReversed()].map(async (some) => {
        for (const batch of some) await untilAnswered(() => store(batch));
      });
      const keeping = [1, 2, 2, 1].map(async (later, index) => {
        await sleep(20 * index);
        await untilAnswered(() => keepFrom(day + later));
      });
      await Promise.all([...storing, ...keeping]);

      await harness.firstDaySeen?.();
      expect(await keepFrom(day)).toMatchObject({ firstDay: day + 2 });
      expect(await storedIds(tenant)).toEqual(allIds(...kept));
      expect(await store(...batches)).toEqual(counts({ expired: 600, duplicate: 600 }));
      expect(await keepFrom(day)).toEqual({ firstDay: day + 2, dropped: [] });
    });

    it("keeps rollups as long as it is told, in a store that has them", async () => {
      const { stats } = harness;
      if (!stats) return;
      const day = await nextWeek();
      const tenant = newTenant();
      const records = Array.from({ length: 5 }, () => request(BigInt(MINUTE) * 60_000_000_000n, { status: 200 }));
      const batches = [day, day + 1].map((some) =>
        buildLoggedBatch({ tenant, producer: producerOfDay(some), records }),
      );
      await store(...batches);
      const requests = async () => (await trafficOf(stats, tenant, MINUTE)).requests;
      expect(await keepFrom(day + 1, day)).toEqual({ firstDay: day + 1, dropped: [day] });
      expect([await requests(), (await storedIds(tenant)).length]).toEqual([10, 5]);
      await harness.firstDaySeen?.();
      expect(await store(...batches)).toEqual(counts({ expired: 5, duplicate: 5 }));
      expect(await requests()).toBe(10);
      expect(await keepFrom(day + 1)).toEqual({ firstDay: day + 1, dropped: [day] });
      expect(await keepFrom(day + 1, day)).toEqual({ firstDay: day + 1, dropped: [] });
      expect(await requests()).toBe(5);
    });

    /** As those who call do: the same again until the store has answered. */
    async function untilAnswered<T>(call: () => Promise<T>): Promise<T> {
      for (;;) {
        try {
          return await call();
        } catch (reason) {
          if (!isKind(reason, "store_unavailable")) throw reason;
          await sleep(20, undefined, { signal });
        }
      }
    }
  });
}
