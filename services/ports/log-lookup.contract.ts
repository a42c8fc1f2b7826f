import { toJson } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { producerDay } from "../domain/identity.ts";
import { SEQ_MAX } from "../domain/limits.ts";
import { newProducer } from "./build-logged-batch.ts";
import { newTenant, storeOne } from "./contract-batches.ts";
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
  });
}
