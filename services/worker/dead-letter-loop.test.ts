import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { type DeadLetter, DeadLetterSchema } from "../../gen/logpulse/v1/dead_letter_pb.ts";
import { MemoryDeadLetterTable } from "../adapters/memory/dead-letter-table.ts";
import { MemoryEventLog } from "../adapters/memory/event-log.ts";
import { MemoryEventLogReader } from "../adapters/memory/event-log-reader.ts";
import { LogPulseError } from "../domain/errors.ts";
import { RECORD_TIME_SECONDS_MAX } from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { DeadLetterLoop } from "./dead-letter-loop.ts";

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
const never = new AbortController().signal;

/** A table that fails as often as it is told before it works. */
class FailingTable extends MemoryDeadLetterTable {
  failures: unknown[] = [];
  largestFill = 0;
  override async prepare(): Promise<void> {
    this.fail();
  }
  override async fill(letters: readonly DeadLetter[]): Promise<number> {
    this.fail();
    this.largestFill = Math.max(this.largestFill, letters.length);
    return super.fill(letters);
  }
  private fail(): void {
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
  }
}

function loop() {
  const log = new MemoryEventLog(1);
  const table = new FailingTable(clock);
  const deadLetters = new DeadLetterLoop({
    reader: new MemoryEventLogReader(log, clock),
    group: "logpulse-dead-letter-table",
    table,
    clock,
    random: () => 0.5,
    logger: quiet,
  });
  /** Resolves when the position in the topic is there. */
  const reached = async (position: number) => {
    for (let turns = 0; log.positionsOf("logpulse-dead-letter-table")[0] !== position && turns < 2_000; turns++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(log.positionsOf("logpulse-dead-letter-table")).toEqual([position]);
  };
  return { log, table, deadLetters, reached };
}

const message = (fields: object = {}) =>
  toBinary(DeadLetterSchema, create(DeadLetterSchema, { store: "mysql", reason: "conflict", ...fields }));

describe("the loop that fills the table of dead letters", () => {
  it("fills in what the topic holds, each letter once, and only then moves on", async () => {
    const { log, table, deadLetters, reached } = loop();
    await log.append(0, [message({ id: "a" }), message({ id: "b" }), message({ id: "a" })]);
    await deadLetters.start(never);
    await reached(3);
    await log.append(0, [message({ id: "b" }), message({ id: "c" })]);
    await reached(5);
    await deadLetters.stop();
    expect(table.all().map(({ id }) => id)).toEqual(["a", "b", "c"]);
    expect(deadLetters.totals).toEqual({ filled: 3, known: 2, undecodable: 0, empty: 0, retries: 0 });
  });

  it("waits for the table, to be prepared and to be filled, and loses nothing", async () => {
    const { log, table, deadLetters, reached } = loop();
    table.failures = Array.from({ length: 7 }, () => new LogPulseError("store_unavailable", "away"));
    table.failures.push(new TypeError("a bug of ours"));
    await deadLetters.start(never);
    table.failures = [new LogPulseError("store_unavailable", "away again")];
    await log.append(0, [message({ id: "a" })]);
    await reached(1);
    await deadLetters.stop();
    expect(deadLetters.totals).toMatchObject({ filled: 1, retries: 9 });
  });

  it("stops while the table is away; the next reader gets what it has not", async () => {
    const { log, table, deadLetters, reached } = loop();
    await deadLetters.start(never);
    table.failures = Array.from({ length: 100_000 }, () => new LogPulseError("store_unavailable", "away"));
    await log.append(0, [message({ id: "a" })]);
    while (deadLetters.totals.retries < 3) await new Promise((resolve) => setImmediate(resolve));
    await deadLetters.stop();
    await reached(0);
    expect(table.all()).toEqual([]);
  });

  it("steps over messages without a value", async () => {
    const { log, table, deadLetters, reached } = loop();
    await log.append(0, [new Uint8Array(0), message({ id: "a" }), new Uint8Array(0)]);
    await deadLetters.start(never);
    await reached(3);
    await deadLetters.stop();
    expect(deadLetters.totals).toMatchObject({ filled: 1, empty: 2 });
    expect(table.all()).toHaveLength(1);
  });

  it.each([
    ["random bytes", Buffer.from([255, 255, 255, 255, 255, 7, 1])],
    ["text that is not UTF-8", Buffer.from([0x0a, 0x02, 0xff, 0xfe])],
    ["a message of another kind", Buffer.from([0x98, 0x06, 0x01])],
    ["a letter without a store", message({ store: "" })],
    ["a letter without a reason", message({ reason: "" })],
    ["a store that no table has room for", message({ store: "x".repeat(65) })],
    ["such a tenant", message({ tenant: "ü".repeat(33) })],
    ["such an id", message({ id: "x".repeat(65) })],
    ["such a reason", message({ reason: "x".repeat(257) })],
    ["such a detail", message({ detail: "x".repeat(1_001) })],
    ["a place before the first", message({ offset: -1n })],
    ["a time that no record has", message({ receivedTime: { seconds: BigInt(RECORD_TIME_SECONDS_MAX) + 1n } })],
    [
      "a time after 64 bits",
      message({ receivedTime: { seconds: BigInt(RECORD_TIME_SECONDS_MAX), nanos: 999_999_999 } }),
    ],
    ["a time before 1970", message({ receivedTime: { seconds: -1n } })],
    ["nanoseconds of more than a second", message({ receivedTime: { nanos: 1_000_000_000 } })],
  ])("lists %s by its place, with its bytes, and goes on", async (_name, bytes) => {
    const { log, table, deadLetters, reached } = loop();
    await log.append(0, [message({ id: "a" }), bytes, message({ id: "b" })]);
    await deadLetters.start(never);
    await reached(3);
    await deadLetters.stop();
    expect(deadLetters.totals).toMatchObject({ filled: 3, undecodable: 1 });
    const found = table.all().find(({ store }) => store === "dead-letters");
    expect(found).toMatchObject({ tenant: "", id: "", reason: "undecodable", partition: 0, offset: 1n });
    expect(found!.detail).not.toBe("");
    expect(Buffer.compare(found!.original, bytes)).toBe(0);
  });

  it("takes the longest letter that this program writes", async () => {
    const { log, deadLetters, reached } = loop();
    const longest = { store: "s".repeat(64), tenant: "t".repeat(64), id: "i".repeat(64), reason: "r".repeat(256) };
    await log.append(0, [message({ ...longest, detail: "😀".repeat(500) })]);
    await deadLetters.start(never);
    await reached(1);
    await deadLetters.stop();
    expect(deadLetters.totals).toMatchObject({ filled: 1, undecodable: 0 });
  });

  it("fills in a bounded number at a time", async () => {
    const { log, table, deadLetters, reached } = loop();
    await log.append(
      0,
      Array.from({ length: 12_000 }, (_, at) => message({ id: String(at) })),
    );
    await deadLetters.start(never);
    await reached(12_000);
    await deadLetters.stop();
    expect(table.largestFill).toBe(5_000);
    expect(deadLetters.totals.filled).toBe(12_000);
  });
});
