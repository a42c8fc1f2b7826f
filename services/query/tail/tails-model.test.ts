import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TailLagged } from "../../../gen/logpulse/v1/query_service_pb.ts";
import { TAIL_HEARTBEAT_MS } from "../../domain/limits.ts";
import type { TailPlace } from "../../domain/tail-cursor.ts";
import { newProducer } from "../../ports/build-logged-batch.ts";
import type { EventLogFollower } from "../../ports/event-log-follower.ts";
import { isBefore } from "./passed-places.ts";
import { type OpenTail, placesOf, settle, TailsOnMemory } from "./tail.fixture.ts";
import type { Tails } from "./tails.ts";

const PARTITIONS = 2;
const PRODUCERS = 4; // The even ones write to partition 0.

type Command =
  | { do: "append"; producer: number; count: number; rejected: number }
  | { do: "again"; producer: number; back: number; count: number }
  | { do: "open"; selective: boolean; from: number; wait: boolean; lags: boolean }
  | { do: "range"; from: number; until: number; lags: boolean }
  | { do: "hold" }
  | { do: "release" }
  | { do: "block" | "unblock" | "hang up"; reader: number }
  | { do: "wait"; turns: number }
  | { do: "heartbeat" };

const producer = fc.nat(PRODUCERS - 1);
const commands: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("append" as const),
      producer,
      count: fc.integer({ min: 1, max: 6 }),
      rejected: fc.nat(8),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("again" as const),
      producer,
      back: fc.nat(15),
      count: fc.integer({ min: 1, max: 8 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("open" as const),
      selective: fc.boolean(),
      from: fc.nat(),
      wait: fc.boolean(),
      lags: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("range" as const),
      from: fc.nat(),
      until: fc.nat(),
      lags: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("hold" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("release" as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom("block" as const, "unblock" as const, "hang up" as const),
      reader: fc.nat(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("wait" as const), turns: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("heartbeat" as const) }) },
);

/** A record as it stands in the log. */
interface Written {
  partition: number;
  place: TailPlace;
  identity: string;
  message: string;
}

interface Reader {
  tail: OpenTail;
  selective: boolean;
  until: readonly TailPlace[] | undefined;
}

/** What the log has, and who reads it. */
class Model {
  readonly on: TailsOnMemory;
  readonly readers: Reader[] = [];
  /** Of another process, whose live reading can be held up. */
  readonly late: Tails;
  private held: PromiseWithResolvers<void> | undefined;
  private readonly written: Written[] = [];
  private readonly producers = Array.from({ length: PRODUCERS }, () => newProducer());
  private readonly sent: { message: string; rejected: boolean }[][] = this.producers.map(() => []);

  constructor(bounds: ConstructorParameters<typeof TailsOnMemory>[0]) {
    this.on = new TailsOnMemory({ partitions: PARTITIONS, ...bounds });
    this.late = this.on.another((follower) => this.holdingUp(follower), bounds?.bounds);
  }

  /** What waits for messages that are still to come does not see them while it is held; what is there is read. */
  private holdingUp(follower: EventLogFollower): EventLogFollower {
    return {
      extent: (signal) => follower.extent(signal),
      placesAt: (timeMs, signal) => follower.placesAt(timeMs, signal),
      read: async (from, waitMs, signal) => {
        const waits = from.offset >= this.on.log.extentOf(from.partition).end;
        const messages = await follower.read(from, waitMs, signal);
        const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        if (waits) await Promise.race([this.held?.promise, aborted]);
        signal.throwIfAborted();
        return messages;
      },
      close: () => follower.close(),
    };
  }

  release(): void {
    this.held?.resolve();
    this.held = undefined;
  }

  async run(command: Command): Promise<void> {
    if (command.do === "append") return this.append(command);
    if (command.do === "again") return this.again(command);
    if (command.do === "open") return this.open(command);
    if (command.do === "range") return this.range(command);
    if (command.do === "wait") return settle(command.turns);
    if (command.do === "hold") {
      this.held ??= Promise.withResolvers();
      return;
    }
    if (command.do === "release") return this.release();
    if (command.do === "heartbeat") return this.on.clock.pass(TAIL_HEARTBEAT_MS);
    const reader = this.readers[command.reader % this.readers.length];
    if (!reader) return;
    if (command.do === "block") reader.tail.block();
    else if (command.do === "unblock") reader.tail.unblock();
    else await reader.tail.hangUp();
  }

  private append({ producer, count, rejected }: Command & { do: "append" }): void {
    const sent = this.sent[producer]!;
    const firstSeq = sent.length;
    for (let at = 0; at < count; at++) {
      const word = (firstSeq + at) % 3 === 0 ? "third" : "other";
      sent.push({ message: `${word} ${producer}-${firstSeq + at}`, rejected: at === rejected });
    }
    this.write(producer, firstSeq, sent.length);
  }

  /** Some of what was sent comes again: cut like the batches were, or not. */
  private again({ producer, back, count }: Command & { do: "again" }): void {
    const { length } = this.sent[producer]!;
    const firstSeq = Math.max(0, length - 1 - back);
    if (length > 0) this.write(producer, firstSeq, Math.min(length, firstSeq + count));
  }

  private write(producer: number, from: number, until: number): void {
    const partition = producer % PARTITIONS;
    const offset = this.on.log.extentOf(partition).end;
    const records = this.sent[producer]!.slice(from, until);
    const rejected = records.flatMap(({ rejected }, index) => (rejected ? [index] : []));
    records.forEach(({ message, rejected }, index) => {
      if (rejected) return;
      this.written.push({ partition, place: { offset, index }, identity: message, message });
    });
    const batch = { producer: this.producers[producer]!, firstSeq: from, rejected, partition };
    void this.on.append(
      records.map(({ message }) => message),
      batch,
    );
  }

  private async open({ selective, from, wait, lags }: Command & { do: "open" }): Promise<void> {
    const cursor = this.cursorAt(from);
    const filter = selective ? { condition: { case: "words" as const, value: { text: "third" } } } : undefined;
    const request = { ...(cursor === undefined ? {} : { cursor }), ...(filter && { filter }) };
    const tail = this.on.start(request, "default", lags ? this.late : this.on.tails);
    this.readers.push({ tail, selective, until: undefined });
    if (wait) await settle();
  }

  private async range(command: Command & { do: "range" }): Promise<void> {
    const [cursor, untilCursor] = [this.cursorAt(command.from), this.cursorAt(command.until) ?? this.newestCursor];
    if (cursor === undefined || untilCursor === undefined) return;
    const tail = this.on.start({ cursor, untilCursor }, "default", command.lags ? this.late : this.on.tails);
    this.readers.push({ tail, selective: false, until: placesOf(untilCursor) });
    await settle();
  }

  private get newestCursor(): string | undefined {
    const cursors = this.readers.flatMap(({ tail }) => tail.answers.map(({ cursor }) => cursor));
    return cursors.toSorted((one, other) => placesOf(one)[0]!.offset - placesOf(other)[0]!.offset).at(-1);
  }

  /** Of some earlier answer; now and then none. */
  private cursorAt(seed: number): string | undefined {
    const cursors = this.readers.flatMap(({ tail }) => tail.answers.map(({ cursor }) => cursor));
    return seed % 4 === 0 ? undefined : cursors[seed % (cursors.length || 1)];
  }

  /** What a reader must have been shown of a partition, told by where it began and what it was told it missed. */
  expected({ tail, selective, until }: Reader, partition: number): string[] {
    const begin = placesOf(tail.answers[0]!.cursor)[partition]!;
    const end = placesOf(tail.last.cursor)[partition]!;
    const gaps = laggedOf(tail).map(({ fromCursor, untilCursor }) =>
      [fromCursor, untilCursor].map((cursor) => placesOf(cursor)[partition]!),
    );
    const passed = new Set<string>();
    const shown: string[] = [];
    for (const { place, identity, message } of this.written.filter((record) => record.partition === partition)) {
      if (isBefore(place, begin) || !isBefore(place, end)) continue;
      if (until && !isBefore(place, until[partition]!)) continue;
      if (gaps.some(([from, to]) => !isBefore(place, from!) && isBefore(place, to!))) continue;
      if (selective && !message.startsWith("third")) continue;
      if (!passed.has(identity)) shown.push(message);
      passed.add(identity);
    }
    return shown;
  }

  /** How many records that a reader asks for stand in what it was told that it missed. */
  missed({ selective }: Reader, { fromCursor, untilCursor }: TailLagged): number {
    const [from, until] = [placesOf(fromCursor), placesOf(untilCursor)];
    return this.written.filter(({ partition, place, message }) => {
      const isIn = !isBefore(place, from[partition]!) && isBefore(place, until[partition]!);
      return isIn && (!selective || message.startsWith("third"));
    }).length;
  }

  get ends(): number[] {
    return Array.from({ length: PARTITIONS }, (_, partition) => this.on.log.extentOf(partition).end);
  }

  partitionOf(message: string): number {
    return this.written.find((record) => record.message === message)!.partition;
  }
}

function laggedOf(tail: OpenTail): TailLagged[] {
  return tail.answers.flatMap(({ event }) => (event.case === "lagged" ? [event.value] : []));
}

async function check(list: readonly Command[], bounds: ConstructorParameters<typeof TailsOnMemory>[0]): Promise<void> {
  const model = new Model(bounds);
  try {
    for (const command of list) await model.run(command);
    model.release();
    for (const { tail } of model.readers) tail.unblock();
    await settle(100);
    await model.on.clock.pass(TAIL_HEARTBEAT_MS);
    await settle(100);
    for (const reader of model.readers) checkReader(model, reader);
  } finally {
    await model.on.close();
  }
  expect([model.on.tails.open, model.late.open]).toEqual([0, 0]);
}

function checkReader(model: Model, reader: Reader): void {
  const { tail } = reader;
  if (tail.answers.length === 0) return; // It hung up before it stood.
  expect(new Set(tail.shown).size, "nothing twice").toBe(tail.shown.length);
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const shown = tail.shown.filter((message) => model.partitionOf(message) === partition);
    expect(shown).toEqual(model.expected(reader, partition));
  }
  for (const lagged of laggedOf(tail)) expect(lagged.records).toBe(model.missed(reader, lagged));
  const { event, cursor } = tail.last;
  if (event.case === "heartbeat" && !tail.isGone) {
    expect(placesOf(cursor)).toEqual(model.ends.map((offset) => ({ offset, index: 0 }))); // Nothing is left behind.
  }
  if (reader.until && !tail.isGone) expect(event.case).toBe("end");
}

describe("tails of all kinds at once", { timeout: 120_000 }, () => {
  const cases = fc.array(commands, { minLength: 5, maxLength: 60 });

  it("show every record once, in the log's order, or in a range that they name", async () => {
    const bounds = { bounds: { queueBytesMax: 1_500, answerBytesMax: 600, queuesBytesMax: 4_000 } };
    await fc.assert(
      fc.asyncProperty(cases, (list) => check(list, bounds)),
      { numRuns: 300 },
    );
  });

  it("do so also where little is kept in memory", async () => {
    const bounds = { recentBytesMax: 600, historiesAtOnceMax: 1, historiesBytesMax: 500, answerBytesMax: 400 };
    await fc.assert(
      fc.asyncProperty(cases, (list) => check(list, { bounds })),
      { numRuns: 300 },
    );
  });
});
