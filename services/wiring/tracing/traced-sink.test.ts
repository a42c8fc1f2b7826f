import { describe, expect, it } from "vitest";
import { MemoryDeadLetterTable } from "../../adapters/memory/dead-letter-table.ts";
import { MemoryDeadLetters } from "../../adapters/memory/dead-letters.ts";
import { MemoryStore } from "../../adapters/memory/memory-store.ts";
import { LogPulseError } from "../../domain/errors.ts";
import { decodeLoggedBatch, type LoggedBatch } from "../../domain/logged-batch.ts";
import { msToNanos } from "../../domain/record-time.ts";
import { encodeBatch, newProducer } from "../../ports/build-logged-batch.ts";
import { ManualClock } from "../../ports/manual-clock.ts";
import { RecordedTraces } from "./recorded-traces.fixture.ts";
import { type StoreCall, ToldSink, traceStoreCall } from "./told-store-calls.ts";
import { TracedSink } from "./traced-sink.ts";

const NOW_MS = Date.UTC(2026, 10, 22);
const READING = { system: "kafka", destination: "batches", group: "g" };
const never = new AbortController().signal;
const letters = new MemoryDeadLetters(new MemoryDeadLetterTable(new ManualClock(NOW_MS)));

/** One batch of that many records from the log; `trace`: what came with its message. */
function batch(offset: number, records: number, trace?: string): LoggedBatch {
  const producer = newProducer(NOW_MS);
  const message = encodeBatch({
    tenant: "default",
    producer,
    records: Array.from({ length: records }, () => ({ message: "m" })),
    receivedNanos: msToNanos(NOW_MS),
  });
  const logged = decodeLoggedBatch(1, BigInt(offset), message);
  return trace === undefined ? logged : { ...logged, trace: { traceparent: trace } };
}

class FailingStore extends MemoryStore {
  override async store(): Promise<never> {
    throw new LogPulseError("store_unavailable", "away");
  }
}

describe("a store whose batches are followed", () => {
  it("has a span for each of these batches, in its own trace, and one for what it was asked, in the first one's", async () => {
    const traces = new RecordedTraces();
    const sink = new TracedSink(new MemoryStore(), traces, READING);
    const counts = await sink.store([batch(5, 2, "a"), batch(6, 1), batch(7, 3, "b")], letters, never);
    expect(counts.stored).toBe(6);
    const [a, b, store] = traces.spans;
    expect(a).toMatchObject({
      name: "process batches",
      kind: "consumer",
      parent: { traceparent: "a" },
      links: [{ traceparent: "a" }],
      facts: {
        "messaging.system.name": "kafka",
        "messaging.operation.type": "process",
        "messaging.consumer.group.name": "g",
        "messaging.destination.partition.id": "1",
        "kafka.offset": 5,
        "logpulse.records": 2,
      },
      linked: [],
      ended: {},
    });
    expect(b).toMatchObject({ parent: { traceparent: "b" }, linked: [store!.headers], ended: {} });
    expect(store).toMatchObject({
      name: "store memory",
      kind: "client",
      parent: a!.headers,
      links: [b!.headers],
      facts: { "db.system.name": "memory", "db.operation.batch.size": 6, "logpulse.batches": 3 },
      ended: { facts: { "logpulse.stored": 6, "logpulse.duplicate": 0 } },
    });
  });

  it.each([
    ["nobody follows any of them", new RecordedTraces(), undefined],
    ["none is wanted", new RecordedTraces(() => false), "a"],
  ])("has none where %s", async (_, traces, trace) => {
    const sink = new TracedSink(new MemoryStore(), traces, READING);
    expect((await sink.store([batch(0, 1, trace)], letters, never)).stored).toBe(1);
    expect(traces.spans).toEqual([]);
  });

  it("says in all of them why it failed, and fails as before", async () => {
    const traces = new RecordedTraces();
    const sink = new TracedSink(new FailingStore(), traces, READING);
    await expect(sink.store([batch(0, 1, "a")], letters, never)).rejects.toThrow("away");
    const error = { type: "store_unavailable", message: "away" };
    expect(traces.spans.map(({ ended }) => ended)).toEqual([{ error }, { error }]);
  });

  it("is the store in all else", async () => {
    const sink = new TracedSink(new MemoryStore(), new RecordedTraces(), READING);
    await sink.prepare();
    await sink.check();
    await sink.close();
    expect(sink.name).toBe("memory");
  });
});

describe("a store in another thread", () => {
  it("tells of each transaction, of which a span is made", async () => {
    const calls: StoreCall[] = [];
    await new ToldSink(new MemoryStore(), (call) => void calls.push(call)).store([batch(0, 4)], letters, never);
    const failing = new ToldSink(new FailingStore(), (call) => void calls.push(call));
    await expect(failing.store([batch(0, 4)], letters, never)).rejects.toThrow("away");
    const traces = new RecordedTraces();
    for (const call of structuredClone(calls)) traceStoreCall(traces, call);
    expect(traces.spans).toMatchObject([
      { name: "store memory", facts: { "db.operation.batch.size": 4 } },
      { name: "store memory", ended: { error: { type: "store_unavailable", message: "away" } } },
    ]);
    expect(traces.spans.map(({ parent }) => parent)).toEqual([undefined, undefined]);
    expect(traces.spans[0]!.ended!.facts).toMatchObject({ "logpulse.stored": 4 });
    for (const { beganMs, ended } of traces.spans) {
      expect(Date.now() - beganMs!).toBeLessThan(20_000);
      expect(ended!.endedMs).toBeGreaterThanOrEqual(beganMs!);
    }
  });
});
