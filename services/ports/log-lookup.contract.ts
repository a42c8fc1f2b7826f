import { toJson } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { producerDay } from "../domain/identity.ts";
import { SEQ_MAX } from "../domain/limits.ts";
import { newProducer } from "./build-logged-batch.ts";
import { messages, newTenant, storeOne } from "./contract-batches.ts";
import type { LogLookup } from "./log-lookup.ts";
import type { LogSink } from "./log-sink.ts";

/** A lookup under test and the sink of the same store. */
export interface LogLookupHarness {
  sink: LogSink;
  lookup: LogLookup;
  close(): Promise<void>;
}

/** What every LogLookup must do, whatever it is made of. */
export function logLookupContract(adapterName: string, make: () => Promise<LogLookupHarness>): void {
  describe(`${adapterName} keeps the LogLookup contract`, () => {
    let harness: LogLookupHarness;
    const signal = AbortSignal.timeout(600_000);

    beforeAll(async () => {
      harness = await make();
      await harness.sink.prepare();
    });
    afterAll(() => harness?.close());

    it("answers its check", () => harness.lookup.check());

    it("finds each record by its identity, as it was sent", async () => {
      const tenant = newTenant();
      const records = [{ message: "first", attributes: { "a.b": [1, null] } }, { message: "second" }];
      const { batch } = await storeOne(harness.sink, { tenant, firstSeq: SEQ_MAX - 1, records });
      for (const { seq, record } of batch.records) {
        const found = await harness.lookup.get(tenant, { producer: batch.producer, seq }, signal);
        expect(found).toMatchObject({ producer: batch.producer, seq, receivedNanos: batch.receivedNanos });
        expect(toJson(LogRecordSchema, found!.record)).toEqual(toJson(LogRecordSchema, record));
      }
    });

    it("finds nothing under another tenant, producer or seq, nor on a day of which nothing is stored", async () => {
      const tenant = newTenant();
      const { batch } = await storeOne(harness.sink, { tenant, records: [{ message: "here" }] });
      const { producer } = batch;
      const otherDay = newProducer(Date.now() - 400 * 86_400_000);
      expect(producerDay(otherDay)).not.toBe(producerDay(producer));
      expect(await harness.lookup.get(newTenant(), { producer, seq: 0 }, signal)).toBeUndefined();
      expect(await harness.lookup.get(`${tenant} `, { producer, seq: 0 }, signal)).toBeUndefined();
      expect(await harness.lookup.get(tenant, { producer: newProducer(), seq: 0 }, signal)).toBeUndefined();
      expect(await harness.lookup.get(tenant, { producer: otherDay, seq: 0 }, signal)).toBeUndefined();
      expect(await harness.lookup.get(tenant, { producer, seq: 1 }, signal)).toBeUndefined();
      expect(await harness.lookup.get(tenant, { producer, seq: SEQ_MAX }, signal)).toBeUndefined();
    });

    it("finds neither dropped nor rejected records", async () => {
      const tenant = newTenant();
      const records = ["kept", "dropped", "rejected"].map((message) => ({ message }));
      const { batch } = await storeOne(harness.sink, { tenant, records, dropped: [1], rejected: [2] });
      const found = await Promise.all(
        [0, 1, 2].map((seq) => harness.lookup.get(tenant, { producer: batch.producer, seq }, signal)),
      );
      expect(found.map((stored) => stored?.record.message)).toEqual(["kept", undefined, undefined]);
    });

    describe("around a place", () => {
      const tenant = newTenant();
      const producer = newProducer();
      const stored = [3, 4, 5, 7, 8, 20, 21, SEQ_MAX];

      beforeAll(async () => {
        const part = (firstSeq: number, count: number, gaps: { dropped?: number[]; rejected?: number[] } = {}) =>
          storeOne(harness.sink, { tenant, producer, firstSeq, records: messages(count, firstSeq), ...gaps });
        await part(20, 2); // Overtook what follows.
        await part(3, 6, { rejected: [3] });
        await part(9, 3, { dropped: [0, 1, 2] });
        await part(SEQ_MAX, 1);
        await storeOne(harness.sink, { tenant, producer: newProducer(), firstSeq: 6, records: messages(1, 6) });
        await storeOne(harness.sink, { tenant: newTenant(), producer, firstSeq: 6, records: messages(1, 6) });
      });

      it.each([
        [5, 2, 2],
        [5, 100, 100],
        [6, 1, 1],
        [6, 0, 3],
        [6, 3, 0],
        [3, 5, 1],
        [0, 5, 5],
        [10, 2, 2],
        [21, 1, 5],
        [SEQ_MAX, 2, 2],
        [1_000_000, 1, 1],
      ])(
        "finds the nearest records of the same producer: of %i, %i before and %i after",
        async (seq, before, after) => {
          const found = await harness.lookup.around(tenant, { producer, seq }, before, after, signal);
          const lower = stored.filter((other) => other < seq);
          expect(found.before.map((record) => record.seq)).toEqual(before === 0 ? [] : lower.slice(-before));
          expect(found.after.map((record) => record.seq)).toEqual(
            stored.filter((other) => other > seq).slice(0, after),
          );
        },
      );

      it("gives the records as they were sent", async () => {
        const { before, after } = await harness.lookup.around(tenant, { producer, seq: 6 }, 1, 1, signal);
        expect([...before, ...after].map(({ producer: of, record }) => [of, record.message])).toEqual([
          [producer, "message 5"],
          [producer, "message 7"],
        ]);
      });

      it("finds none of a producer that is not known, or of another tenant", async () => {
        const nothing = { before: [], after: [] };
        const other = newProducer(Date.now() - 400 * 86_400_000);
        expect(await harness.lookup.around(tenant, { producer: newProducer(), seq: 6 }, 9, 9, signal)).toEqual(nothing);
        expect(await harness.lookup.around(tenant, { producer: other, seq: 6 }, 9, 9, signal)).toEqual(nothing);
        expect(await harness.lookup.around(newTenant(), { producer, seq: 6 }, 9, 9, signal)).toEqual(nothing);
      });
    });
  });
}
