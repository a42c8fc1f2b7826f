import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { afterEach, describe, expect, it } from "vitest";
import { TailEnd_Reason, TailLagged_Reason } from "../../../gen/logpulse/v1/query_service_pb.ts";
import { LogPulseError } from "../../domain/errors.ts";
import { TAIL_HEARTBEAT_MS, TAIL_LOG_RETRY_MS_MAX, TAIL_MS_MAX } from "../../domain/limits.ts";
import { tailCursor } from "../../domain/tail-cursor.ts";
import { newProducer } from "../../ports/build-logged-batch.ts";
import type { EventLogFollower } from "../../ports/event-log-follower.ts";
import { placesOf, settle, TailsOnMemory } from "./tail.fixture.ts";

let on: TailsOnMemory;
afterEach(() => on.close());

const errorOf = (promise: Promise<unknown>) => promise.then(() => undefined).catch((reason: unknown) => reason);

describe("a tail", () => {
  it("says where it begins, then shows what comes, as soon as it comes", async () => {
    on = new TailsOnMemory();
    await on.append(["before"]);
    const tail = await on.open();
    expect(tail.kinds).toEqual(["heartbeat"]);
    await on.append(["one", "two"]);
    await on.append(["three"]);
    expect(tail.shown).toEqual(["one", "two", "three"]);
    expect(tail.kinds).toEqual(["heartbeat", "records", "records"]);
    expect(placesOf(tail.last.cursor)).toEqual([{ offset: 3, index: 0 }]);
  });

  it("goes on behind a cursor, from the log and from what is kept of it", async () => {
    on = new TailsOnMemory();
    const first = await on.open();
    for (const message of ["a", "b", "c"]) await on.append([message]);
    const cursor = first.answers[1]!.cursor;
    const kept = await on.open({ cursor });
    expect(kept.shown).toEqual(["b", "c"]);
    await Promise.all([first.hangUp(), kept.hangUp()]);
    const read = await on.open({ cursor });
    await on.append(["d"]);
    expect(read.shown).toEqual(["b", "c", "d"]);
  });

  it("begins with what was received so long ago or later", async () => {
    on = new TailsOnMemory();
    for (const message of ["0", "1", "2", "3"]) {
      await on.append([message]);
      await on.clock.pass(5_000);
    }
    const tail = await on.open({ history: durationFromMs(11_000) });
    await on.append(["4"]);
    expect(tail.shown).toEqual(["2", "3", "4"]);
    const all = await on.open({ history: durationFromMs(3_600_000) });
    expect(all.shown).toEqual(["0", "1", "2", "3", "4"]);
  });

  it("ends behind until_cursor, partition by partition", async () => {
    on = new TailsOnMemory({ partitions: 2, bounds: { answerBytesMax: 1 } });
    const first = await on.open();
    for (const message of ["a", "b", "c", "d"])
      await on.append([message, `${message}'`], { partition: message < "c" ? 0 : 1 });
    const cursors = first.answers.map(({ cursor }) => cursor);
    expect(first.shown).toEqual(["a", "a'", "b", "b'", "c", "c'", "d", "d'"]);
    for (const [from, until] of [
      [0, 8],
      [1, 3],
      [3, 6],
      [5, 5],
      [6, 2],
    ] as const) {
      const range = await on.open({ cursor: cursors[from]!, untilCursor: cursors[until]! });
      await range.done;
      expect(range.shown).toEqual(first.shown.slice(from, until));
      expect(range.last.event).toMatchObject({ case: "end", value: { reason: TailEnd_Reason.DONE } });
    }
  });

  it("ends within a message where until_cursor stands there, and begins within one", async () => {
    on = new TailsOnMemory({ bounds: { answerBytesMax: 1 } });
    const first = await on.open();
    await on.append(["a", "b", "c"]);
    await on.append(["d", "e", "f"]);
    const others = on.another((follower) => follower);
    for (let from = 0; from <= 6; from++) {
      for (let until = from; until <= 6; until++) {
        const [cursor, untilCursor] = [first.answers[from]!.cursor, first.answers[until]!.cursor];
        const range = on.start({ cursor, untilCursor }, "default", others);
        await range.done;
        expect(range.shown).toEqual(first.shown.slice(from, until));
      }
    }
  });

  it("goes on behind a cursor of a process that had read further than this one", async () => {
    on = new TailsOnMemory({ bounds: { answerBytesMax: 1 } });
    const gate = { isShut: false, opened: Promise.withResolvers<void>() };
    const behind = on.another((follower) => ({
      extent: (signal) => follower.extent(signal),
      placesAt: (timeMs, signal) => follower.placesAt(timeMs, signal),
      read: async (...asked) => {
        if (gate.isShut) await gate.opened.promise;
        return follower.read(...asked);
      },
      close: () => follower.close(),
    }));
    gate.isShut = true;
    const keeper = on.start({}, "default", behind); // Keeps the reading that is held up.
    const first = await on.open();
    for (const message of ["a", "b", "c"]) await on.append([message, `${message}'`]);
    const ahead = on.start({ cursor: first.answers[3]!.cursor }, "default", behind); // Within the second message.
    await settle();
    expect(ahead.kinds).toEqual(["heartbeat"]);
    await on.clock.pass(TAIL_HEARTBEAT_MS);
    await settle();
    expect(ahead.kinds).toEqual(["heartbeat", "heartbeat"]);
    expect(ahead.last.cursor).toBe(first.answers[3]!.cursor);
    gate.opened.resolve();
    await settle();
    expect(ahead.shown).toEqual(["b'", "c", "c'"]);
    expect(keeper.shown).toEqual(["a", "a'", "b", "b'", "c", "c'"]);
  });

  it("shows a whole range also where this process has not read so far", async () => {
    on = new TailsOnMemory({ bounds: { answerBytesMax: 1 } });
    const first = await on.open();
    await on.append(["a"]);
    const late = on.another((follower) => ({
      extent: (signal) => follower.extent(signal),
      placesAt: (timeMs, signal) => follower.placesAt(timeMs, signal),
      read: (from, waitMs, signal) => {
        if (from.offset < on.log.extentOf(0).end) return follower.read(from, waitMs, signal);
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
      },
      close: () => follower.close(),
    }));
    on.start({}, "default", late); // Its live reading stands behind "a" for ever.
    await settle();
    for (const message of ["b", "c", "d"]) await on.append([message]);
    const cursors = first.answers.map(({ cursor }) => cursor);
    for (let from = 0; from <= 4; from++) {
      const range = on.start({ cursor: cursors[from]!, untilCursor: cursors[4]! }, "default", late);
      await range.done;
      expect(range.shown).toEqual(["a", "b", "c", "d"].slice(from));
    }
  });

  it("never says that it stands behind what it has not shown, while it reads on", async () => {
    on = new TailsOnMemory();
    const [start] = (await on.open()).answers;
    const hitsOf = (message: string) =>
      Array.from({ length: 1_500 }, (_, at) => `${message} ${at % 100 === 0 ? "hit" : at}`);
    for (let at = 0; at < 10; at++) await on.append(hitsOf(`${at}`));
    const others = on.another((follower) => follower);
    const filter = { condition: { case: "words" as const, value: { text: "hit" } } };
    const tail = on.start({ cursor: start!.cursor, filter }, "default", others);
    for (let turn = 0; turn < 30; turn++) await on.clock.pass(TAIL_HEARTBEAT_MS);
    expect(tail.kinds.indexOf("records")).toBeGreaterThan(3); // Signs of life came in the middle of a look.
    let shown = 0;
    for (const { event, cursor } of tail.answers) {
      if (event.case === "records") shown += event.value.logs.length;
      const [{ offset, index }] = placesOf(cursor) as [{ offset: number; index: number }];
      expect(15 * offset + Math.ceil(index / 100)).toBeLessThanOrEqual(shown);
    }
    expect(shown).toBe(150);
  });

  it("shows what meets its condition, of its tenant, and neither what was rejected nor what is no batch", async () => {
    on = new TailsOnMemory();
    const tail = await on.open({ filter: { condition: { case: "words", value: { text: "yes" } } } });
    await on.append(["yes 1", "no 2", "yes 3"], { rejected: [0] });
    await on.append(["yes of another"], { tenant: "another" });
    await on.log.append(0, [Buffer.from("no batch at all")]);
    await on.append(["yes 4"]);
    expect(tail.shown).toEqual(["yes 3", "yes 4"]);
    expect(on.warnings).toMatchObject([{ skipped: 1, partition: 0, offset: 2 }]);
  });

  it("skips a record that does not decode, and shows those beside it", async () => {
    on = new TailsOnMemory();
    const tail = await on.open();
    await on.append([], { records: [{ message: "a" }, Buffer.from([0x2a, 0x7f]), { message: "c" }] });
    expect(tail.shown).toEqual(["a", "c"]);
    expect(on.warnings).toMatchObject([{ skipped: 1 }]);
  });

  it("cuts messages where it is asked to", async () => {
    on = new TailsOnMemory();
    const [cut, whole] = [await on.open({ messageBytesMax: 3 }), await on.open()];
    await on.append(["äöü", "abc"]);
    expect([cut.shown, whole.shown]).toEqual([
      ["ä", "abc"],
      ["äöü", "abc"],
    ]);
    const { event } = cut.last;
    expect(event.case === "records" && event.value.logs.map(({ messageBytesCut }) => messageBytesCut)).toEqual([6, 0]);
  });

  it("gives a sign of life when nothing else came, and its place moves on", async () => {
    on = new TailsOnMemory();
    const tail = await on.open({ filter: { condition: { case: "words", value: { text: "never" } } } });
    await on.append(["something else"]);
    await on.clock.pass(TAIL_HEARTBEAT_MS);
    await settle();
    expect(tail.kinds).toEqual(["heartbeat", "heartbeat"]);
    expect(placesOf(tail.last.cursor)).toEqual([{ offset: 1, index: 0 }]);
    await on.clock.pass(TAIL_HEARTBEAT_MS - 1);
    await on.append(["never"]);
    await on.clock.pass(1);
    await settle();
    expect(tail.kinds).toEqual(["heartbeat", "heartbeat", "records"]);
  });

  it("says in its last answer why it ends: time", async () => {
    on = new TailsOnMemory();
    const tail = await on.open();
    await on.clock.pass(TAIL_MS_MAX);
    await tail.done;
    expect(tail.last.event).toMatchObject({ case: "end", value: { reason: TailEnd_Reason.TIME_UP } });
  });

  it("gives signs of life and ends in time also where the machine's clock is set back", async () => {
    on = new TailsOnMemory();
    const tail = await on.open();
    on.clock.set(-3_600_000);
    await on.clock.pass(TAIL_HEARTBEAT_MS);
    await settle();
    expect(tail.kinds).toEqual(["heartbeat", "heartbeat"]);
    await on.clock.pass(TAIL_MS_MAX - TAIL_HEARTBEAT_MS);
    await tail.done;
    expect(tail.last.event).toMatchObject({ case: "end", value: { reason: TailEnd_Reason.TIME_UP } });
  });

  it("says in its last answer why it ends: the server stops", async () => {
    on = new TailsOnMemory();
    const tails = [await on.open(), await on.open({ history: durationFromMs(1) })];
    on.stopping.abort(new LogPulseError("overloaded", "stops"));
    for (const tail of tails) {
      await tail.done;
      expect(tail.last.event).toMatchObject({ case: "end", value: { reason: TailEnd_Reason.STOPPING } });
    }
    expect(on.tails.open).toBe(0);
  });

  it("rejects with the signal's reason when the client has gone, also in the middle of an answer", async () => {
    on = new TailsOnMemory();
    const [waiting, sending] = [await on.open(), await on.open()];
    sending.block();
    await on.append(["one"]);
    for (const tail of [waiting, sending]) {
      await tail.hangUp();
      expect(await errorOf(tail.done)).toMatchObject({ kind: "cancelled" });
    }
  });
});

describe("a request for a tail", () => {
  const cursorAt = (offset: number, index = 0, logId = on.log.logId, partitions = 1) =>
    tailCursor({ logId, places: Array(partitions).fill({ offset, index }) });

  it.each([
    ["cursor", () => ({ cursor: "nonsense" })],
    ["cursor", () => ({ cursor: cursorAt(0, 0, "another log") })],
    ["cursor", () => ({ cursor: cursorAt(0, 0, on.log.logId, 2) })],
    ["cursor", () => ({ cursor: cursorAt(2) })],
    ["cursor", () => ({ cursor: cursorAt(1, 1) })],
    ["until_cursor", () => ({ cursor: cursorAt(0), untilCursor: cursorAt(2) })],
    ["until_cursor", () => ({ untilCursor: cursorAt(0) })],
    ["history", () => ({ cursor: cursorAt(0), history: durationFromMs(1) })],
    ["history", () => ({ history: durationFromMs(-1) })],
    ["message_bytes_max", () => ({ messageBytesMax: -1 })],
    ["query", () => ({ query: "(" })],
  ])("is refused where %s is wrong", async (field, request) => {
    on = new TailsOnMemory();
    await on.append(["one"]);
    const tail = await on.open(request());
    expect(await errorOf(tail.done)).toMatchObject({ kind: "invalid_request", metadata: { field } });
    expect([tail.answers, on.tails.open]).toEqual([[], 0]);
  });

  it("is refused where its client has too many, whatever others have", async () => {
    on = new TailsOnMemory({ bounds: { tailsPerClientMax: 2 } });
    const start = (client: string) => on.start({}, "default", on.tails, client);
    const [first, , third, other] = [start("a"), start("a"), start("a"), start("b")];
    expect(await errorOf(third!.done)).toMatchObject({ kind: "overloaded" });
    await settle();
    expect(other!.kinds).toEqual(["heartbeat"]);
    await first!.hangUp();
    const next = start("a");
    await settle();
    expect(next.kinds).toEqual(["heartbeat"]);
  });

  it("has the log asked once at a time, however many come with cursors of another one", async () => {
    const asked = { now: 0, most: 0, held: undefined as PromiseWithResolvers<void> | undefined };
    const follow = (follower: EventLogFollower): EventLogFollower => ({
      extent: async (signal) => {
        asked.most = Math.max(asked.most, ++asked.now);
        await asked.held?.promise;
        asked.now--;
        return follower.extent(signal);
      },
      placesAt: (timeMs, signal) => follower.placesAt(timeMs, signal),
      read: (...from) => follower.read(...from),
      close: () => follower.close(),
    });
    on = new TailsOnMemory({ follow });
    const keeper = await on.open();
    asked.held = Promise.withResolvers();
    const tails = Array.from({ length: 500 }, () => on.start({ cursor: cursorAt(0, 0, "another log") }));
    await settle();
    asked.held.resolve();
    for (const { done } of tails) expect(await errorOf(done)).toMatchObject({ kind: "invalid_request" });
    expect(asked.most).toBe(1);
    await keeper.hangUp();
  });

  it("is refused where there are too many tails, and taken when one has gone", async () => {
    on = new TailsOnMemory({ bounds: { tailsMax: 2 } });
    const tails = [await on.open(), await on.open(), await on.open()];
    expect(await errorOf(tails[2]!.done)).toMatchObject({ kind: "overloaded" });
    await tails[0]!.hangUp();
    expect((await on.open()).kinds).toEqual(["heartbeat"]);
  });
});

describe("a record that its client sent twice", () => {
  const producer = newProducer();

  it("is left out and counted, whole or in part, by tails that have gone over it", async () => {
    on = new TailsOnMemory();
    const tail = await on.open();
    await on.append(["0", "1", "2"], { producer });
    const late = await on.open();
    await on.append(["0", "1", "2"], { producer });
    await on.append(["2", "3"], { producer, firstSeq: 2 });
    await on.append(["1"], { producer, firstSeq: 1 });
    expect(tail.shown).toEqual(["0", "1", "2", "3"]);
    expect(late.shown).toEqual(["0", "1", "2", "3"]); // What it was not shown before it began, it is shown now.
    await on.clock.pass(TAIL_HEARTBEAT_MS);
    await settle();
    expect([tail, late].map(({ last: { event } }) => event.case === "heartbeat" && event.value.repeats)).toEqual([
      5, 2,
    ]);
  });

  it("is known by a tail that read its first copy from the log, and by one that began within it", async () => {
    on = new TailsOnMemory({ bounds: { answerBytesMax: 1 } });
    const first = await on.open();
    await on.append(["0", "1", "2"], { producer });
    const within = first.answers[2]!.cursor; // Behind "1".
    const start = first.answers[0]!.cursor;
    await first.hangUp();
    const [all, some] = [await on.open({ cursor: start }), await on.open({ cursor: within })];
    await on.append(["0", "1", "2", "3"], { producer });
    expect(all.shown).toEqual(["0", "1", "2", "3"]);
    expect(some.shown).toEqual(["2", "0", "1", "3"]);
  });

  it("is another record where another producer or tenant sent it", async () => {
    on = new TailsOnMemory();
    const tail = await on.open();
    await on.append(["a"], { producer });
    await on.append(["b"]);
    await on.append(["c"], { producer, tenant: "another" });
    await on.append(["d"], { producer, firstSeq: 1 });
    expect(tail.shown).toEqual(["a", "b", "d"]);
  });
});

describe("a reader that is too slow", () => {
  const bounds = { queueBytesMax: 1_000, answerBytesMax: 300 };

  it("is told exactly what it missed, can fetch it, and goes on with the newest", async () => {
    on = new TailsOnMemory({ bounds });
    const [slow, fast] = [await on.open(), await on.open()];
    slow.block();
    for (let at = 0; at < 20; at++) await on.append([`${at}`]);
    slow.unblock();
    await settle();
    await on.append(["20"]);
    const lagged = slow.answers.map(({ event }) => event).find((event) => event.case === "lagged")!;
    expect(lagged.case).toBe("lagged");
    if (lagged.case !== "lagged") return;
    const { fromCursor, untilCursor, records, reason } = lagged.value;
    expect(reason).toBe(TailLagged_Reason.SLOW_READER);
    expect(slow.shown.length + records!).toBe(21);
    const missed = await on.open({ cursor: fromCursor, untilCursor });
    await missed.done;
    expect(missed.shown).toHaveLength(records!);
    expect([...slow.shown.slice(0, -1), ...missed.shown, "20"]).toEqual(fast.shown);
    expect(fast.shown).toHaveLength(21);
  });

  it("is shown a record of the gap when it comes again", async () => {
    on = new TailsOnMemory({ bounds });
    const slow = await on.open();
    const producer = newProducer();
    slow.block();
    for (let at = 0; at < 10; at++) await on.append([`${at}`], { producer, firstSeq: at });
    slow.unblock();
    await settle();
    expect(slow.kinds.at(-1)).toBe("lagged");
    expect(slow.shown).not.toContain("9");
    await on.append(["0", "9"], { producer, firstSeq: 0, records: [{ message: "0" }] });
    await on.append(["9"], { producer, firstSeq: 9 });
    expect(slow.shown.filter((message) => message === "0" || message === "9")).toEqual(["0", "9"]);
  });

  it("costs others nothing: where all queues together are too full, the fullest is cut", async () => {
    on = new TailsOnMemory({ bounds: { ...bounds, queueBytesMax: 4_000, queuesBytesMax: 5_000 } });
    const words = ["a", "b", "c"];
    const asked = words.map((text) => ({ filter: { condition: { case: "words" as const, value: { text } } } }));
    const slow = await Promise.all(asked.map((request) => on.open(request)));
    for (const tail of slow) tail.block();
    const fast = await on.open();
    for (let at = 0; at < 20; at++) await on.append(words.map((word) => `${word} ${at}`));
    for (const tail of slow) tail.unblock();
    await settle();
    expect(fast.shown).toHaveLength(60);
    for (const tail of slow) {
      const missed = tail.answers.map(({ event }) => (event.case === "lagged" ? event.value.records! : 0));
      expect(tail.shown.length + missed.reduce((sum, count) => sum + count, 0)).toBe(20);
      expect(tail.kinds.filter((kind) => kind === "lagged").length).toBe(1);
    }
  });
});

describe("a tail and the log's retention", () => {
  const logBytesMax = 2_000_000;

  it("says what the log does not hold any more", async () => {
    on = new TailsOnMemory({ logBytesMax });
    const first = await on.open();
    for (const message of ["a", "b", "c", "d"]) await on.append([message]);
    const cursor = first.answers[1]!.cursor;
    await first.hangUp();
    await on.trimTo(0, 3, logBytesMax);
    const tail = await on.open({ cursor });
    expect(tail.kinds).toEqual(["heartbeat", "lagged", "records"]);
    expect(tail.shown).toEqual(["d"]);
    const { event } = tail.answers[1]!;
    if (event.case !== "lagged") return expect.fail("not lagged");
    expect(event.value).toMatchObject({ reason: TailLagged_Reason.LOG_RETENTION, fromCursor: cursor });
    expect(event.value.records).toBeUndefined();
    expect(placesOf(event.value.untilCursor)).toEqual([{ offset: 3, index: 0 }]);
    expect(tail.answers[1]!.cursor).toBe(event.value.untilCursor);
  });

  it("does not say how many records a slow reader missed where the log lost some of them", async () => {
    const held = { reads: undefined as PromiseWithResolvers<void> | undefined };
    const follow = (follower: EventLogFollower): EventLogFollower => ({
      extent: (signal) => follower.extent(signal),
      placesAt: (timeMs, signal) => follower.placesAt(timeMs, signal),
      read: async (...asked) => {
        await held.reads?.promise;
        return follower.read(...asked);
      },
      close: () => follower.close(),
    });
    on = new TailsOnMemory({ logBytesMax, follow, bounds: { queueBytesMax: 400, answerBytesMax: 1 } });
    const slow = await on.open();
    slow.block();
    for (const message of ["a", "b", "c", "d"]) await on.append([message]);
    held.reads = Promise.withResolvers();
    for (const message of ["e", "f", "g"]) await on.append([message]);
    await on.trimTo(0, 6, logBytesMax);
    held.reads.resolve();
    held.reads = undefined;
    await settle();
    slow.unblock();
    await settle();
    const told = slow.answers.flatMap(({ event }) => (event.case === "lagged" ? [event.value] : []));
    expect(told).toHaveLength(1);
    expect(told[0]!.reason).toBe(TailLagged_Reason.SLOW_READER);
    expect(told[0]!.records).toBeUndefined();
  });

  it("says it also where it was faster than the live reading", async () => {
    const held = { reads: undefined as PromiseWithResolvers<void> | undefined };
    const follow = (follower: EventLogFollower): EventLogFollower => ({
      extent: (signal) => follower.extent(signal),
      placesAt: (timeMs, signal) => follower.placesAt(timeMs, signal),
      read: async (...asked) => {
        await held.reads?.promise;
        return follower.read(...asked);
      },
      close: () => follower.close(),
    });
    on = new TailsOnMemory({ logBytesMax, follow });
    const tail = await on.open();
    held.reads = Promise.withResolvers();
    for (const message of ["a", "b", "c", "d"]) await on.append([message]);
    await on.trimTo(0, 3, logBytesMax);
    held.reads.resolve();
    await settle();
    expect(tail.shown).toEqual(["a", "d"]); // The read that was under way had "a" already.
    expect(tail.kinds).toEqual(["heartbeat", "records", "lagged", "records"]);
    const { event } = tail.answers[2]!;
    if (event.case !== "lagged") return expect.fail("not lagged");
    expect([event.value.fromCursor, event.value.untilCursor].map((cursor) => placesOf(cursor)[0]!.offset)).toEqual([
      1, 3,
    ]);
    const late = await on.open({ cursor: tail.answers[0]!.cursor });
    expect(late.kinds).toEqual(["heartbeat", "lagged", "records"]);
    expect(late.shown).toEqual(["d"]);
  });
});

describe("messages in hand", () => {
  it("are counted and put down also where they were kept in memory", async () => {
    const reads: bigint[] = [];
    const follow = (follower: EventLogFollower): EventLogFollower => ({
      extent: (signal) => follower.extent(signal),
      placesAt: (timeMs, signal) => follower.placesAt(timeMs, signal),
      read: (from, waitMs, signal) => {
        reads.push(from.offset);
        return follower.read(from, waitMs, signal);
      },
      close: () => follower.close(),
    });
    on = new TailsOnMemory({ follow, bounds: { answerBytesMax: 1, historiesBytesMax: 1, recentBytesMax: 1_000 } });
    const start = (await on.open({ query: "nothing" })).last.cursor;
    for (let at = 0; at < 3; at++) await on.append([`${at}`]);
    const [first, second] = [on.start({ cursor: start }), on.start({ cursor: start })];
    for (const tail of [first, second]) tail.block();
    await settle();
    for (const tail of [first, second]) {
      tail.unblock();
      tail.block();
    }
    await settle();
    expect([first.shown, second.shown]).toEqual([["0"], ["0"]]); // The others are in hand.
    await on.append(["x".repeat(900)]); // Now they are kept nowhere else.
    reads.length = 0;
    for (const tail of [first, second]) tail.unblock();
    await settle();
    for (const tail of [first, second]) expect(tail.shown.slice(0, 3)).toEqual(["0", "1", "2"]);
    expect(reads.some((offset) => offset < 3n)).toBe(true);
  });
});

describe("a log that cannot be read", () => {
  const failing = () => {
    const state = { isAway: false, reads: 0, extents: 0 };
    const unless = <Answer>(work: () => Promise<Answer>) =>
      state.isAway ? Promise.reject(new LogPulseError("log_unavailable", "away")) : work();
    const follow = (follower: EventLogFollower): EventLogFollower => ({
      extent: (signal) => unless(() => follower.extent(signal)),
      placesAt: (timeMs, signal) => unless(() => follower.placesAt(timeMs, signal)),
      read: (...asked) => unless(() => follower.read(...asked)).finally(() => state.reads++),
      close: () => follower.close(),
    });
    return { state, follow };
  };

  it("is asked again for a while, and nothing is missed where it comes back", async () => {
    const { state, follow } = failing();
    on = new TailsOnMemory({ follow });
    const tail = await on.open();
    await on.append(["one"]);
    state.isAway = true;
    await on.append(["two"]); // The read under way ends with it; the next one fails.
    for (let passed = 0; passed < TAIL_LOG_RETRY_MS_MAX / 2; passed += 100) await on.clock.pass(100);
    await on.append(["three"]);
    state.isAway = false;
    for (let passed = 0; passed < TAIL_LOG_RETRY_MS_MAX; passed += 100) await on.clock.pass(100);
    await settle();
    expect(tail.shown).toEqual(["one", "two", "three"]);
  });

  it("ends all tails in band where it stays away, and the next tail goes on from the cursor", async () => {
    const { state, follow } = failing();
    on = new TailsOnMemory({ follow });
    const tails = [await on.open(), await on.open()];
    state.isAway = true;
    await on.append(["one"]);
    for (let passed = 0; passed <= 2 * TAIL_LOG_RETRY_MS_MAX; passed += 100) await on.clock.pass(100);
    for (const tail of tails) {
      await tail.done;
      expect(tail.last.event).toMatchObject({ case: "end", value: { reason: TailEnd_Reason.LOG_UNAVAILABLE } });
    }
    expect(await errorOf((await on.open()).done)).toMatchObject({ kind: "log_unavailable" });
    state.isAway = false;
    await on.append(["two"]);
    const next = await on.open({ cursor: tails[0]!.last.cursor });
    expect([...tails[0]!.shown, ...next.shown]).toEqual(["one", "two"]);
  });

  it("is not read when nobody tails", async () => {
    const { state, follow } = failing();
    on = new TailsOnMemory({ follow });
    await on.append(["one"]);
    expect(state.reads).toBe(0);
    const tail = await on.open();
    await on.append(["two"]);
    await tail.hangUp();
    const { reads } = state;
    for (let round = 0; round < 10; round++) await on.append([`${round}`]);
    await on.clock.pass(60_000);
    expect(state.reads).toBe(reads);
    expect(on.tails.open).toBe(0);
  });
});
