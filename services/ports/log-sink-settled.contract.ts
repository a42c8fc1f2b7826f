import { describe, expect, it } from "vitest";
import { identityText } from "../domain/identity.ts";
import { RECORDS_PER_BATCH_MAX } from "../domain/limits.ts";
import type { LoggedBatch } from "../domain/logged-batch.ts";
import { buildLoggedBatch } from "./build-logged-batch.ts";
import { counts, KeptLetters, messages, newIdentity, noDeadLetters } from "./contract-batches.ts";
import type { LogSinkHarness } from "./log-sink.fixture.ts";

/** The part of the LogSink contract that is about seqs without a record. `harness`: there when the tests run. */
export function settledContract(harness: () => LogSinkHarness): void {
  describe("seqs that are settled without a record", () => {
    const signal = AbortSignal.timeout(600_000);
    const store = (...batches: LoggedBatch[]) => harness().sink.store(batches, noDeadLetters, signal);
    const stored = async (tenant: string) =>
      (await harness().stored(tenant)).map(({ seq, record }) => `${seq} ${record.message}`).sort();

    it("are those that ingest rejected: what comes later under one of them is a duplicate", async () => {
      const { tenant, producer } = newIdentity();
      const rejected = buildLoggedBatch({ tenant, producer, records: messages(4), rejected: [1, 3] });
      expect(await store(rejected)).toEqual(counts({ stored: 2, rejected: 2 }));
      const late = buildLoggedBatch({ tenant, producer, firstSeq: 1, records: messages(4, 1) });
      expect(await store(late)).toEqual(counts({ stored: 1, duplicate: 3 }));
      expect(await store(rejected, late)).toEqual(counts({ duplicate: 6, rejected: 2 }));
      expect(await stored(tenant)).toEqual(["0 message 0", "2 message 2", "4 message 4"]);
    });

    it("stay so within one call, and of a batch in which all were rejected", async () => {
      const { tenant, producer } = newIdentity();
      const rejected = buildLoggedBatch({ tenant, producer, records: messages(3), rejected: [0, 1, 2] });
      const late = buildLoggedBatch({ tenant, producer, records: messages(4) });
      expect(await store(rejected, late, rejected)).toEqual(counts({ stored: 1, duplicate: 3, rejected: 6 }));
      expect(await stored(tenant)).toEqual(["3 message 3"]);
    });

    it("are not those that were stored before they were rejected", async () => {
      const { tenant, producer } = newIdentity();
      const first = buildLoggedBatch({ tenant, producer, records: messages(2) });
      const rejected = buildLoggedBatch({ tenant, producer, records: messages(3), rejected: [0, 1] });
      expect(await store(first, rejected)).toEqual(counts({ stored: 3, rejected: 2 }));
      expect(await store(rejected, first)).toEqual(counts({ duplicate: 3, rejected: 2 }));
      expect(await stored(tenant)).toEqual(["0 message 0", "1 message 1", "2 message 2"]);
    });

    it("are as many as a batch can have", { timeout: 60_000 }, async () => {
      const { tenant, producer } = newIdentity();
      const records = messages(RECORDS_PER_BATCH_MAX);
      const rejected = buildLoggedBatch({ tenant, producer, records, rejected: records.map((_, index) => index) });
      expect(await store(rejected)).toEqual(counts({ rejected: RECORDS_PER_BATCH_MAX }));
      const late = buildLoggedBatch({ tenant, producer, firstSeq: RECORDS_PER_BATCH_MAX - 1, records: messages(2) });
      expect(await store(late)).toEqual(counts({ stored: 1, duplicate: 1 }));
      expect(await stored(tenant)).toEqual([`${RECORDS_PER_BATCH_MAX} message 1`]);
    });

    it("keep tenants and producers apart", async () => {
      const [one, other] = [newIdentity(), newIdentity()];
      const rejected = buildLoggedBatch({ ...one, records: messages(1), rejected: [0] });
      const others = [{ ...one, producer: other.producer }, { ...one, tenant: other.tenant }, other].map((identity) =>
        buildLoggedBatch({ ...identity, records: messages(1) }),
      );
      expect(await store(rejected, ...others)).toEqual(counts({ stored: 3, rejected: 1 }));
    });

    it("are those that were dropped or refused, in a store that keeps the set of settled seqs", async () => {
      if (!harness().judgesConflicts) return;
      const { tenant, producer } = newIdentity();
      const records = [...messages(2), harness().refusedRecord];
      const deadLetters = new KeptLetters();
      const first = buildLoggedBatch({ tenant, producer, records, dropped: [0] });
      expect(await harness().sink.store([first], deadLetters, signal)).toEqual(
        counts({ stored: 1, dropped: 1, deadLettered: 1 }),
      );
      expect(deadLetters.ids()).toEqual([identityText(producer, 2)]);
      const late = buildLoggedBatch({ tenant, producer, records: messages(3) });
      expect(await store(late)).toEqual(counts({ duplicate: 3 }));
      expect(await stored(tenant)).toEqual(["1 message 1"]);
    });
  });
}
