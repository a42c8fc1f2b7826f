import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import { LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { MemoryDeadLetterTable } from "../adapters/memory/dead-letter-table.ts";
import { MemoryDeadLetters } from "../adapters/memory/dead-letters.ts";
import { MemoryEventLog } from "../adapters/memory/event-log.ts";
import { MemoryEventLogReader } from "../adapters/memory/event-log-reader.ts";
import { MemoryStore } from "../adapters/memory/memory-store.ts";
import { parseDropRules } from "../domain/drop-rules.ts";
import { LogPulseError } from "../domain/errors.ts";
import { makeUuidV7 } from "../domain/identity.ts";
import type { LoggedBatch } from "../domain/logged-batch.ts";
import type { Clock } from "../ports/clock.ts";
import type { DeadLetters } from "../ports/dead-letters.ts";
import type { Logger } from "../ports/logger.ts";
import { statusesOf } from "../ports/minute-stats.fixture.ts";
import { WorkerLoop } from "./worker-loop.ts";

const clock: Clock = {
  nowMs: () => 1_795_266_000_000,
  monotonicMs: () => 0,
  sleep: (_ms, signal) =>
    new Promise((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      setImmediate(resolve);
    }),
};
const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} };
const producerId = makeUuidV7(clock.nowMs(), new Uint8Array(10).fill(3));

function message(firstSeq: number, statuses: number[]): Uint8Array {
  const records = statuses.map((status) => create(LogRecordSchema, { message: `m${status}`, http: { status } }));
  const batch = {
    producerId,
    firstSeq: BigInt(firstSeq),
    records,
    tenant: "default",
    receivedTime: { seconds: 1_795_266_000n },
  };
  return toBinary(LogBatchSchema, create(LogBatchSchema, batch));
}

/** A store that fails as often as it is told before it works. */
class FailingStore extends MemoryStore {
  failures: unknown[] = [];
  stores = 0;
  override async store(batches: readonly LoggedBatch[], deadLetters: DeadLetters, signal: AbortSignal) {
    this.stores++;
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    return super.store(batches, deadLetters, signal);
  }
}

function worker(dropRules = "") {
  const log = new MemoryEventLog(2);
  const sink = new FailingStore();
  const deadLetters = new MemoryDeadLetterTable(clock);
  const loop = new WorkerLoop({
    reader: new MemoryEventLogReader(log, clock),
    group: "logpulse-memory",
    sink,
    deadLetters: new MemoryDeadLetters(deadLetters),
    dropRules: parseDropRules(dropRules),
    clock,
    random: () => 0.5,
    logger: quiet,
  });
  const stored = () => [...sink.recordsOf("default")].map((record) => record.seq).sort((a, b) => a - b);
  const settled = async (records: number) => {
    const sum = () => {
      const { stored, duplicate, dropped, deadLettered, undecodable } = loop.totals;
      return stored + duplicate + dropped + deadLettered + undecodable;
    };
    for (let turns = 0; sum() < records && turns < 2_000; turns++)
      await new Promise((resolve) => setImmediate(resolve));
  };
  return { log, sink, deadLetters, loop, stored, settled, never: new AbortController().signal };
}

describe("a worker loop", () => {
  it("stores what the log holds, once, however often it stands there", async () => {
    const { log, loop, stored, settled, never } = worker();
    await log.append(0, [message(0, [200, 404]), message(0, [200, 404])]);
    await loop.start(never);
    await log.append(0, [message(2, [500])]);
    await settled(5);
    await loop.stop();
    expect(stored()).toEqual([0, 1, 2]);
    expect(loop.totals).toMatchObject({ stored: 3, duplicate: 2, retries: 0 });
  });

  it("counts every partition, those that are stored side by side too, and knows the newest time", async () => {
    const { log, sink, loop, settled, never } = worker();
    const store = sink.store.bind(sink);
    sink.store = async (...asked) => {
      await new Promise((resolve) => setImmediate(resolve));
      return store(...asked);
    };
    expect(loop.newestReceivedMs).toBeUndefined();
    await loop.start(never);
    await Promise.all([log.append(0, [message(0, [200, 404])]), log.append(1, [message(5, [500, 500])])]);
    await settled(4);
    await loop.stop();
    expect(loop.totals.stored).toBe(4);
    expect(loop.newestReceivedMs).toBe(1_795_266_000_000);
  });

  it("tries again until the store answers, and loses nothing", async () => {
    const { log, sink, loop, stored, settled, never } = worker();
    sink.failures = Array.from({ length: 7 }, () => new LogPulseError("store_unavailable", "away"));
    sink.failures.push(new TypeError("a bug of ours"));
    await loop.start(never);
    await log.append(1, [message(0, [200])]);
    await settled(1);
    await loop.stop();
    expect(stored()).toEqual([0]);
    expect(loop.totals).toMatchObject({ stored: 1, retries: 8 });
  });

  it("keeps what is no batch as a dead letter and goes on", async () => {
    const { log, deadLetters, loop, stored, settled, never } = worker();
    const withoutServerFields = toBinary(LogBatchSchema, create(LogBatchSchema, { producerId }));
    await log.append(0, [Buffer.from("poison"), new Uint8Array(), withoutServerFields, message(9, [200])]);
    await loop.start(never);
    await settled(4);
    await loop.stop();
    expect(stored()).toEqual([9]);
    expect(loop.totals.undecodable).toBe(3);
    expect(deadLetters.all().map((letter) => [letter.store, letter.reason, letter.offset])).toEqual([
      ["memory", "undecodable", 0n],
      ["memory", "undecodable", 1n],
      ["memory", "undecodable", 2n],
    ]);
    expect(Buffer.from(deadLetters.all()[0]!.original).toString()).toBe("poison");
  });

  it("holds a bounded part of a delivery: twenty batches of ten thousand empty records", async () => {
    const { log, loop, settled, never, sink } = worker("status=0");
    const records = Array.from({ length: 10_000 }, () => create(LogRecordSchema, { http: {} }));
    const batch = { producerId, tenant: "default", receivedTime: { seconds: 1_795_266_000n } };
    const largest: number[] = [];
    const store = sink.store.bind(sink);
    sink.store = (batches, deadLetters, signal) => {
      largest.push(batches.reduce((sum, one) => sum + one.records.length, 0));
      return store(batches, deadLetters, signal);
    };
    for (let i = 0; i < 20; i++) {
      await log.append(0, [
        toBinary(LogBatchSchema, create(LogBatchSchema, { ...batch, firstSeq: BigInt(i * 10_000), records })),
      ]);
    }
    await loop.start(never);
    await settled(200_000);
    await loop.stop();
    expect(Math.max(...largest)).toBe(10_000);
    expect(loop.totals.dropped).toBe(200_000);
  }, 30_000);

  it("drops by rule from the store, not from the statistics", async () => {
    const { log, sink, loop, stored, settled, never } = worker("status=200");
    await loop.start(never);
    await log.append(0, [message(0, [200, 404, 200])]);
    await settled(3);
    await loop.stop();
    expect(stored()).toEqual([1]);
    expect(loop.totals).toMatchObject({ stored: 1, dropped: 2 });
    const minute = 1_795_266_000 / 60;
    expect(await statusesOf(sink, "default", minute)).toEqual(
      new Map([
        [200, 2],
        [404, 1],
      ]),
    );
  });

  it("stops while the store is away; the next reader gets what was not settled", async () => {
    const { log, sink, loop, never, stored } = worker();
    sink.failures = Array.from({ length: 100_000 }, () => new LogPulseError("store_unavailable", "away"));
    await loop.start(never);
    await log.append(0, [message(0, [200])]);
    while (loop.totals.retries < 3) await new Promise((resolve) => setImmediate(resolve));
    await loop.stop();
    expect(stored()).toEqual([]);
    expect(log.positionsOf("logpulse-memory")).toEqual([0, 0]);
  });
});
