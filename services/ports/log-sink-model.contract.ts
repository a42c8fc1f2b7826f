import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { identityText } from "../domain/identity.ts";
import type { LoggedBatch } from "../domain/logged-batch.ts";
import { buildLoggedBatch, newProducer } from "./build-logged-batch.ts";
import { KeptLetters, newTenant } from "./contract-batches.ts";
import type { LogSinkHarness } from "./log-sink.fixture.ts";
import { NO_COUNTS, type StoreCounts } from "./log-sink.ts";

const RUNS = 50;

/** A batch as it is drawn: little room for its seqs, so that batches overlap. */
interface DrawnBatch {
  producer: 0 | 1;
  firstSeq: number;
  records: readonly ("one" | "other" | "dropped" | "rejected")[];
}

const drawnBatch: fc.Arbitrary<DrawnBatch> = fc.record({
  producer: fc.constantFrom(0, 1),
  firstSeq: fc.integer({ min: 0, max: 12 }),
  records: fc.array(fc.constantFrom("one", "one", "one", "other", "dropped", "rejected"), { maxLength: 8 }),
});
const drawnCalls = fc.array(fc.array(drawnBatch, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 });

/** The part of the LogSink contract that compares the store with a model. `harness`: there when the tests run. */
export function modelContract(harness: () => LogSinkHarness): void {
  describe("any sequence of calls", () => {
    const signal = AbortSignal.timeout(600_000);

    it("leaves and counts what the model does, and changes nothing when it comes again", {
      timeout: 300_000,
    }, async () => {
      const numRuns = harness().modelRuns ?? RUNS;
      await fc.assert(fc.asyncProperty(drawnCalls, expectLikeModel), { numRuns });
    });

    async function expectLikeModel(drawn: DrawnBatch[][]): Promise<void> {
      const { sink, judgesConflicts } = harness();
      const tenant = newTenant();
      const producers = [newProducer(), newProducer()];
      const calls = drawn.map((batches) => batches.map((batch) => batchOf(tenant, producers[batch.producer]!, batch)));
      const model = new ModelStore(judgesConflicts);
      const letters = new KeptLetters();
      for (const batches of calls) expect(await sink.store(batches, letters, signal)).toEqual(model.store(batches));
      const stored = await storedMessages(tenant);
      expect(stored).toEqual(model.messages());
      expect(letters.ids()).toEqual(model.conflicts());

      const all = calls.flat().reverse();
      expect(await sink.store(all, letters, signal)).toEqual(model.store(all));
      expect(await storedMessages(tenant)).toEqual(stored);
      expect(letters.ids()).toEqual(model.conflicts());
    }

    async function storedMessages(tenant: string): Promise<Map<string, string>> {
      const stored = await harness().stored(tenant);
      const messages = stored.map(
        ({ producer, seq, record }) => [identityText(producer, seq), record.message] as const,
      );
      expect(new Set(messages.map(([id]) => id)).size).toBe(messages.length);
      return new Map(messages);
    }
  });
}

function batchOf(tenant: string, producer: string, { firstSeq, records }: DrawnBatch): LoggedBatch {
  const indicesOf = (kind: string) => records.flatMap((record, index) => (record === kind ? [index] : []));
  return buildLoggedBatch({
    tenant,
    producer,
    firstSeq,
    records: records.map((message) => ({ message })),
    dropped: indicesOf("dropped"),
    rejected: indicesOf("rejected"),
  });
}

/** What a LogSink does with the batches of one tenant, said as simply as it can be: batch by batch, seq by seq. */
class ModelStore {
  private readonly judgesConflicts: boolean;
  /** By identity: the message that is stored; undefined where the seq is settled without a record. */
  private readonly settled = new Map<string, string | undefined>();
  private readonly conflicting = new Set<string>();

  constructor(judgesConflicts: boolean) {
    this.judgesConflicts = judgesConflicts;
  }

  store(batches: readonly LoggedBatch[]): StoreCounts {
    const counts: StoreCounts = { ...NO_COUNTS };
    for (const batch of batches) {
      const records = new Map(batch.records.map((logged) => [logged.seq, logged]));
      for (let seq = batch.firstSeq; seq < batch.firstSeq + batch.recordCount; seq++) {
        const logged = records.get(seq);
        const id = identityText(batch.producer, seq);
        counts[logged ? this.settle(id, logged.record.message, logged.dropped) : this.reject(id)] += 1;
      }
    }
    return counts;
  }

  /** By identity, the message of each record that is stored. */
  messages(): Map<string, string> {
    return new Map([...this.settled].flatMap(([id, message]) => (message === undefined ? [] : [[id, message]])));
  }

  /** The identities under which another record came. */
  conflicts(): string[] {
    return [...this.conflicting].sort();
  }

  private reject(id: string): keyof StoreCounts {
    if (!this.settled.has(id)) this.settled.set(id, undefined);
    return "rejected";
  }

  private settle(id: string, message: string, dropped: boolean): keyof StoreCounts {
    if (dropped && !this.judgesConflicts) return "dropped"; // Such a store does not remember it.
    if (this.settled.has(id)) {
      const first = this.settled.get(id);
      if (!this.judgesConflicts || first === undefined || first === message) return "duplicate";
      this.conflicting.add(id);
      return "deadLettered";
    }
    this.settled.set(id, dropped ? undefined : message);
    return dropped ? "dropped" : "stored";
  }
}
