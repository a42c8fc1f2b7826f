import { fromBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import { MemoryRateLimiter } from "../adapters/memory/rate-limiter.ts";
import { LogPulseError } from "../domain/errors.ts";
import { isUuidV7, makeUuidV7 } from "../domain/identity.ts";
import {
  LIMITER_WAITING_BYTES_MAX,
  LIMITER_WAITING_BYTES_PER_CLIENT_MAX,
  STREAM_ANSWER_REJECTS_MAX,
  STREAM_WINDOW_BYTES,
  UPLOAD_BATCHES_IN_FLIGHT_MAX,
  UPLOAD_BYTES_IN_FLIGHT_MAX,
} from "../domain/limits.ts";
import { batchOf, ingestProcess, NOW_MS, producer, turn } from "./stream.fixture.ts";

const MiB = 1024 * 1024;
const unavailable = () => new LogPulseError("log_unavailable", "no answer");
const limitedTo = (capacity: number, refillPerSecond: number) => ({
  limiter: (clock: ConstructorParameters<typeof MemoryRateLimiter>[1]) =>
    new MemoryRateLimiter({ capacity, refillPerSecond }, clock),
});
/** What must hold when nothing is in flight. */
function expectAllCounted({ counts }: ReturnType<typeof ingestProcess>) {
  const { receivedRecords, acceptedRecords, rejectedRecords, refusedRecords } = counts.totals();
  const rejected = Object.values(rejectedRecords).reduce((sum, count) => sum + count, 0);
  expect(acceptedRecords + rejected + refusedRecords).toBe(receivedRecords);
}

describe("Stream", () => {
  it("acknowledges batches as the log keeps them, while the stream is open, and ends when the client has ended", async () => {
    const { open, log, appendsEnd } = ingestProcess();
    const client = open();
    await client.send(batchOf(10), batchOf(10, { firstSeq: 10 }), batchOf(5, { firstSeq: 20 }));
    expect(client.answers).toEqual([]);
    log.underWay[0]!.end();
    await turn();
    expect(client.answers).toMatchObject([{ settledBatches: 1n, acked: [{ firstSeq: 0n, lastSeq: 9n }] }]);
    client.halfClose();
    await appendsEnd();
    await client.ended;
    expect(client.answers.slice(1)).toMatchObject([
      { settledBatches: 3n, acked: [{ producerId: producer(1), firstSeq: 10n, lastSeq: 24n }], refused: [] },
    ]);
  });

  it("appends the batches of a stream in their order", async () => {
    const { open, log, appendsEnd } = ingestProcess();
    const client = open();
    for (let at = 0; at < 100; at++) {
      await client.send(batchOf(1, { firstSeq: at }));
      if (at % 7 === 0) await appendsEnd();
    }
    client.halfClose();
    await appendsEnd();
    await client.ended;
    const seqs = log.kept.map(({ batch }) => Number(fromBinary(LogBatchSchema, batch).firstSeq));
    expect(seqs).toEqual(Array.from({ length: 100 }, (_, at) => at));
    expect(client.settled).toBe(100);
  });

  it("tells what settles first, first; the count waits for those before it", async () => {
    const { open, log } = ingestProcess({ partitions: 3 });
    const client = open();
    const producers = [1, 2, 3, 4, 5, 6].map(producer);
    await client.send(...producers.map((producerId) => batchOf(2, { producerId })));
    expect(log.underWay).toHaveLength(3);
    log.underWay.at(-1)!.end();
    await turn();
    expect(client.all("acked").length).toBeGreaterThan(0);
    expect(client.settled).toBe(0);
  });

  it("names the identities that it drew for a client without", async () => {
    const { open, log, appendsEnd } = ingestProcess();
    const client = open();
    const without = { producerId: new Uint8Array() };
    await client.send(batchOf(3, without), batchOf(2, without));
    await appendsEnd();
    const kept = log.kept.map(({ batch }) => fromBinary(LogBatchSchema, batch));
    expect(isUuidV7(kept[0]!.producerId)).toBe(true);
    const drawn = Uint8Array.from(kept[0]!.producerId);
    expect(client.all("acked")).toMatchObject([
      { producerId: drawn, firstSeq: 0n, lastSeq: 2n },
      { producerId: drawn, firstSeq: 3n, lastSeq: 4n },
    ]);
  });

  it("settles an empty batch without a range", async () => {
    const { open } = ingestProcess();
    const client = open();
    await client.send(new Uint8Array(), batchOf(0));
    client.halfClose();
    await client.ended;
    expect(client.settled).toBe(2);
    expect(client.all("acked")).toEqual([]);
  });

  it("names rejected records, and tells many of them in several answers, the last of which acknowledges", async () => {
    const { open, appendsEnd } = ingestProcess();
    const client = open();
    const count = STREAM_ANSWER_REJECTS_MAX + 500;
    await client.send(
      batchOf(3, { bad: [1] }),
      batchOf(count, { firstSeq: 3, bad: Array.from({ length: count }, (_, index) => index) }),
    );
    client.halfClose();
    await appendsEnd();
    await client.ended;
    expect(client.answers[0]).toMatchObject({ rejects: [{ batch: 0n, reject: { index: 1, field: "trace_id" } }] });
    expect(client.answers.slice(1).map(({ rejects, acked }) => [rejects.length, acked.length])).toEqual([
      [STREAM_ANSWER_REJECTS_MAX, 0],
      [500, 1],
    ]);
  });
});

describe("a refused batch of a Stream", () => {
  it("is told with its reason, and its neighbours are kept", async () => {
    const { open, appendsEnd, log, ...process } = ingestProcess();
    const client = open();
    const old = makeUuidV7(NOW_MS - 40 * 86_400_000, new Uint8Array(10));
    await client.send(
      batchOf(1),
      Uint8Array.of(0xff),
      batchOf(4, { producerId: old, firstSeq: 7 }),
      new Uint8Array(4 * MiB + 1),
      batchOf(1, { firstSeq: 1 }),
    );
    client.halfClose();
    await appendsEnd();
    await client.ended;
    expect(client.settled).toBe(5);
    expect(log.kept).toHaveLength(2);
    expect(client.all("refused")).toMatchObject([
      { batch: 1n, producerId: new Uint8Array(), mayRetry: false, reason: "INVALID_BATCH" },
      { batch: 2n, producerId: old, firstSeq: 7n, mayRetry: false, reason: "PRODUCER_EXPIRED" },
      { batch: 3n, mayRetry: false, reason: "INVALID_BATCH", message: expect.stringMatching(/4194305.*4194304/) },
    ]);
    expectAllCounted({ ...process, open, appendsEnd, log });
  });

  it("may be sent again on the same stream where that may help", async () => {
    const process = ingestProcess();
    const { open, log, appendsEnd, counts } = process;
    const client = open();
    const batch = batchOf(5);
    await client.send(batch);
    await appendsEnd(unavailable());
    expect(client.answers).toMatchObject([
      { settledBatches: 1n, acked: [], refused: [{ batch: 0n, mayRetry: true, reason: "LOG_UNAVAILABLE" }] },
    ]);
    await client.send(batch);
    await appendsEnd();
    expect(client.answers[1]).toMatchObject({ settledBatches: 2n, acked: [{ firstSeq: 0n, lastSeq: 4n }] });
    expect(log.kept).toHaveLength(1);
    expect(counts.totals()).toMatchObject({ receivedRecords: 10, acceptedRecords: 5, refusedRecords: 5 });
    expectAllCounted(process);
  });

  it("ends the stream where the fault is ours", async () => {
    const { open, appendsEnd, log } = ingestProcess();
    const client = open();
    await client.send(batchOf(1), batchOf(1, { firstSeq: 1 }));
    log.underWay[0]!.end(new TypeError("a fault"));
    await turn();
    await appendsEnd();
    await expect(client.ended).rejects.toThrow(TypeError);
  });
});

describe("the window of a Stream", () => {
  it("is so many batches: a full one is not read", async () => {
    const { open, appendsEnd, log } = ingestProcess();
    const client = open();
    await client.send(...Array.from({ length: 100 }, (_, at) => batchOf(1, { firstSeq: at })));
    expect(client.read).toBe(UPLOAD_BATCHES_IN_FLIGHT_MAX);
    log.underWay[0]!.end();
    await turn();
    expect(client.read).toBe(UPLOAD_BATCHES_IN_FLIGHT_MAX + 1);
    client.halfClose();
    await appendsEnd();
    await client.ended;
    expect(client.settled).toBe(100);
  });

  it("is so many bytes, with the largest one that may come next", async () => {
    const { open, appendsEnd } = ingestProcess();
    const client = open();
    const large = (at: number) => batchOf(12, { firstSeq: 12 * at, messageBytes: 256 * 1024 - 100 });
    const fit = Math.floor(UPLOAD_BYTES_IN_FLIGHT_MAX / large(0).length);
    await client.send(...Array.from({ length: 6 }, (_, at) => large(at)));
    expect(client.read).toBe(fit);
    client.halfClose();
    await appendsEnd();
    await client.ended;
    expect(client.settled).toBe(6);
  });

  it("stays full while the client reads no answer", async () => {
    const { open, appendsEnd } = ingestProcess();
    const client = open(false);
    const all = Array.from({ length: 100 }, (_, at) => batchOf(1, { firstSeq: at }));
    await client.send(...all);
    for (let round = 0; round < 10; round++) await appendsEnd();
    expect(client.read).toBe(UPLOAD_BATCHES_IN_FLIGHT_MAX);
    expect(client.answers).toHaveLength(1);
    await client.takeAll();
    client.halfClose();
    for (let round = 0; round < 10; round++) await appendsEnd();
    await client.ended;
    expect(client.settled).toBe(100);
  });

  it("puts everything that became known while an answer was under way into the next one", async () => {
    const { open, appendsEnd } = ingestProcess();
    const client = open(false);
    for (let at = 0; at < 10; at++) {
      await client.send(batchOf(10, { firstSeq: at * 10 }));
      await appendsEnd();
    }
    expect(client.answers).toMatchObject([{ settledBatches: 1n }]);
    await client.takeAll();
    expect(client.answers[1]).toMatchObject({ settledBatches: 10n, acked: [{ firstSeq: 10n, lastSeq: 99n }] });
  });

  it("bounds the rejects that nobody reads, over all streams: then batches with rejects are refused for a while", async () => {
    const { open, appendsEnd, counts } = ingestProcess({ unreadRejectsMax: 20 });
    const batch = batchOf(5, { bad: [0, 1, 2, 3, 4] });
    const deaf = [open(false), open(false)];
    for (const client of deaf) {
      await client.send(batch, batch);
      await appendsEnd();
    }
    const other = open();
    await other.send(batch, batchOf(1));
    await appendsEnd();
    expect(other.answers.at(-1)).toMatchObject({ settledBatches: 2n });
    expect(other.all("refused")).toMatchObject([{ batch: 0n, mayRetry: true, reason: "OVERLOADED" }]);
    deaf[0]!.hangUp();
    await deaf[1]!.takeAll();
    await other.send(batch, batch, batch, batch);
    await appendsEnd();
    expect(other.settled).toBe(6);
    expect(other.all("rejects")).toHaveLength(20);
    expect(counts.totals().refusedBatches).toEqual({ overloaded: 1 });
  });
});

describe("rejects that nobody reads", () => {
  const allBad = (count: number) => batchOf(count, { bad: Array.from({ length: count }, (_, index) => index) });

  it("are no more of one client than its part: others have theirs", async () => {
    const { open, appendsEnd } = ingestProcess({ unreadRejectsMax: 20, unreadRejectsPerClientMax: 5 });
    const [deaf, other] = [open(false), open(true, "10.0.0.2")];
    await deaf.send(allBad(5), allBad(1));
    await other.send(allBad(5));
    await appendsEnd();
    expect(other.all("refused")).toEqual([]);
    await deaf.takeAll();
    expect(deaf.all("refused")).toMatchObject([{ batch: 1n, reason: "OVERLOADED" }]);
  });

  it("cost their sender nothing where they are refused for it", async () => {
    const { open, appendsEnd } = ingestProcess({ ...limitedTo(10, 0.001), unreadRejectsMax: 5 });
    const client = open();
    await client.send(allBad(6), batchOf(1));
    await appendsEnd();
    expect(client.all("refused")).toMatchObject([{ batch: 0n, reason: "OVERLOADED" }]);
    expect(client.answers.at(-1)!.creditRecords).toBe(9n);
  });

  it("are counted while their batch waits for the limit, and no more when its stream has gone", async () => {
    const process = ingestProcess({ ...limitedTo(1, 0.001), unreadRejectsMax: 5 });
    const [waits, other] = [process.open(), process.open(true, "10.0.0.2")];
    await waits.send(batchOf(1), allBad(5));
    await process.appendsEnd();
    await other.send(allBad(1));
    expect(other.all("refused")).toHaveLength(1);
    waits.hangUp();
    await turn();
    await other.send(allBad(5));
    await process.appendsEnd();
    expect(other.all("refused")).toHaveLength(1);
    expect(other.all("rejects")).toHaveLength(5);
    expectAllCounted(process);
  });
});

describe("the limit of a Stream", () => {
  it("never refuses: it tells the wait, is not read meanwhile, and goes on", async () => {
    const process = ingestProcess(limitedTo(10, 10));
    const { open, appendsEnd, clock, counts } = process;
    const client = open();
    await client.send(batchOf(30), batchOf(1, { firstSeq: 30 }), batchOf(1, { firstSeq: 31 }));
    await appendsEnd();
    const waits = client.answers.map(({ settledBatches, wait, creditRecords }) => [
      settledBatches,
      wait?.seconds,
      creditRecords,
    ]);
    expect(waits).toEqual([
      [0n, 2n, 0n],
      [1n, undefined, 0n],
    ]);
    expect(client.answers[0]!.wait!.nanos).toBe(100_000_000);
    expect(client.read).toBe(2);
    await clock.pass(2_100);
    await appendsEnd();
    await clock.pass(900);
    await appendsEnd();
    expect(client.settled).toBe(3);
    expect(client.answers.at(-1)!.creditRecords).toBe(8n);
    expect(counts.totals().refusedBatches).toEqual({});
    expectAllCounted(process);
  });

  it("is waited for in one line by all streams of a client: the first one asks, and each gets its turn", async () => {
    let takes = 0;
    const { open, clock, acceptor, appendsEnd, log } = ingestProcess({
      limiter: (clock) => {
        const buckets = new MemoryRateLimiter({ capacity: 1, refillPerSecond: 1 }, clock);
        const take = (key: string, cost: number) => {
          takes += 1;
          return buckets.take(key, cost);
        };
        return { take, close: async () => {} };
      },
    });
    const clients = Array.from({ length: 20 }, () => open());
    for (const firstSeqs of [0, 20]) {
      for (const [at, client] of clients.entries()) await client.send(batchOf(1, { firstSeq: firstSeqs + at }));
    }
    const [gone] = clients.splice(7, 1);
    gone!.hangUp();
    for (let second = 0; second < 40; second++) {
      await clock.pass(1_000);
      await appendsEnd();
    }
    const kept = log.kept.map(({ batch }) => Number(fromBinary(LogBatchSchema, batch).firstSeq));
    expect(kept).toEqual(Array.from({ length: 40 }, (_, seq) => seq).filter((seq) => seq !== 7 && seq !== 27));
    expect(takes).toBeLessThanOrEqual(2 * kept.length + 1);
    for (const { answers } of clients) {
      expect(answers.filter(({ wait }) => wait !== undefined).length).toBeLessThanOrEqual(2);
    }
    expect(acceptor.limit.sendersWaiting).toBe(0);
  });

  it("tells the wait again only where it is longer than what was told", async () => {
    const { open, clock } = ingestProcess(limitedTo(1, 1));
    const clients = [open(), open(), open(), open()];
    for (const client of clients) await client.send(batchOf(client === clients[2] ? 5 : 1));
    const waits = () =>
      clients.map(({ answers }) => answers.flatMap(({ wait }) => (wait ? [Number(wait.seconds)] : [])));
    expect(waits()).toEqual([[], [1], [1], [1]]);
    await clock.pass(1_000);
    expect(waits()).toEqual([[], [1], [1], [1]]);
    await clock.pass(1_000);
    expect(waits()).toEqual([[], [1], [1], [1, 5]]);
  });

  it("is asked no sooner than after 20 ms, whatever the wait is said to be", async () => {
    let takes = 0;
    const take = async () => ({ allowed: ++takes > 3, retryAfterMs: 1, tokensLeft: 0 });
    const { open, appendsEnd, clock } = ingestProcess({ limiter: () => ({ take, close: async () => {} }) });
    const client = open();
    await client.send(batchOf(1));
    for (let ms = 0; ms < 39; ms++) await clock.pass(1);
    expect(takes).toBe(2);
    await clock.pass(1);
    await clock.pass(20);
    await appendsEnd();
    expect(takes).toBe(4);
    expect(client.settled).toBe(1);
  });

  it("does not tell a wait that was over before the client took the answer before", async () => {
    const { open, appendsEnd, clock } = ingestProcess(limitedTo(1, 1));
    const client = open(false);
    await client.send(batchOf(1), batchOf(1, { firstSeq: 1 }));
    await appendsEnd();
    expect(client.answers.map(({ wait }) => wait?.seconds)).toEqual([1n]);
    await client.send(batchOf(1, { firstSeq: 2 }));
    await clock.pass(1_000);
    await clock.pass(1_000);
    await appendsEnd();
    await client.takeAll();
    expect(client.settled).toBe(3);
    expect(client.answers.slice(1).map(({ wait }) => wait)).toEqual([undefined]);
  });

  it("asks again now and then, however long the wait: the bucket may be full before", async () => {
    let full = false;
    const take = async () => ({ allowed: full, retryAfterMs: full ? 0 : 3_600_000, tokensLeft: full ? 5 : 0 });
    const { open, appendsEnd, clock } = ingestProcess({ limiter: () => ({ take, close: async () => {} }) });
    const client = open();
    await client.send(batchOf(1));
    full = true;
    await clock.pass(10_000);
    await appendsEnd();
    expect(client.settled).toBe(1);
  });

  it.each([
    ["large batches", batchOf(15, { messageBytes: 256 * 1024 - 100 })],
    ["any number of small ones", batchOf(1)],
  ])(
    "is not waited for with more memory than there is, by %s: the stream ends, all in flight told",
    async (_name, batch) => {
      const process = ingestProcess(limitedTo(1, 0.001));
      const { open, appendsEnd, acceptor } = process;
      const count = Math.floor(LIMITER_WAITING_BYTES_MAX / (batch.length + STREAM_WINDOW_BYTES));
      const waiting = Array.from({ length: count }, (_, at) => open(true, `10.0.1.${at % 8}`));
      const last = open();
      for (let at = 0; at < 8; at++) await open(true, `10.0.1.${at}`).send(batchOf(1));
      await last.send(batchOf(1));
      for (const client of waiting) await client.send(batch);
      await last.send(batch);
      await appendsEnd();
      await expect(last.ended).rejects.toMatchObject({ kind: "overloaded", retryAfterMs: 1_000_000 });
      expect(last.settled).toBe(1);
      expect(waiting.every(({ read }) => read === 1)).toBe(true);
      for (const client of waiting) client.hangUp();
      await turn();
      expect(acceptor.limit.sendersWaiting).toBe(0);
      expectAllCounted(process);
    },
  );

  it("is not waited for by one client with more than its part of that memory: others may still wait", async () => {
    const { open, appendsEnd, clock } = ingestProcess(limitedTo(1, 1));
    const batch = batchOf(1);
    const other = open(true, "10.0.0.2");
    const count = Math.floor(LIMITER_WAITING_BYTES_PER_CLIENT_MAX / (batch.length + STREAM_WINDOW_BYTES));
    const own = Array.from({ length: count + 2 }, () => open()); // The first does not wait.
    for (const client of [...own, other]) await client.send(batch);
    await other.send(batchOf(1, { firstSeq: 1 }));
    await expect(own.at(-1)!.ended).rejects.toMatchObject({ kind: "overloaded", mayRetry: true });
    await appendsEnd();
    await clock.pass(1_000);
    await appendsEnd();
    expect(other.settled).toBe(2);
    expect(own.map(({ settled }) => settled).slice(0, 3)).toEqual([1, 1, 0]);
  });

  it("is not there where no limiter is on", async () => {
    const { open, appendsEnd } = ingestProcess();
    const client = open();
    await client.send(batchOf(1));
    await appendsEnd();
    expect(client.answers[0]!.creditRecords).toBeUndefined();
  });
});

describe("the end of a Stream", () => {
  it("comes in order when the process stops: what is in flight is told, what is not taken is not", async () => {
    const process = ingestProcess();
    const { open, appendsEnd, stop, log } = process;
    const client = open();
    await client.send(...Array.from({ length: 50 }, (_, at) => batchOf(1, { firstSeq: at })));
    stop();
    await turn();
    await client.send(batchOf(1, { firstSeq: 50 }));
    await appendsEnd();
    await expect(client.ended).rejects.toMatchObject({ kind: "overloaded", message: /stopping/ });
    expect(client.settled).toBe(UPLOAD_BATCHES_IN_FLIGHT_MAX);
    expect(log.kept).toHaveLength(UPLOAD_BATCHES_IN_FLIGHT_MAX);
    expectAllCounted(process);
  });

  it("comes at once when the process stops while the client is over its limit, or silent", async () => {
    const process = ingestProcess(limitedTo(1, 0.001));
    const [limited, silent] = [process.open(), process.open()];
    await limited.send(batchOf(1), batchOf(1, { firstSeq: 1 }));
    await process.appendsEnd();
    process.stop();
    for (const client of [limited, silent]) await expect(client.ended).rejects.toMatchObject({ kind: "overloaded" });
    expect(limited.settled).toBe(1);
    expect(limited.all("refused")).toEqual([]);
    expect(process.counts.totals()).toMatchObject({ acceptedRecords: 1, refusedRecords: 1 });
    await expect(process.open().ended).rejects.toMatchObject({ kind: "overloaded" });
  });

  it("is a good one when the process stops after the client's last batch", async () => {
    const { open, appendsEnd, stop } = ingestProcess();
    const client = open();
    await client.send(batchOf(1));
    client.halfClose();
    await turn();
    stop();
    await appendsEnd();
    await client.ended;
    expect(client.settled).toBe(1);
  });

  it.each([
    ["while appends are under way", ingestProcess, true],
    ["while it is over its limit", () => ingestProcess(limitedTo(1, 0.001)), true],
    ["while an answer is under way", ingestProcess, false],
  ])("by a client that hangs up %s: what was begun ends, and all is counted", async (_name, make, reads) => {
    const process = make();
    const { open, appendsEnd, counts, log } = process;
    const client = open(reads);
    await client.send(...Array.from({ length: 10 }, (_, at) => batchOf(2, { firstSeq: at * 2, bad: [0] })));
    if (!reads) log.underWay[0]!.end();
    await turn();
    client.hangUp();
    await turn();
    const ended = client.ended.catch((reason: unknown) => reason);
    await appendsEnd();
    expect(await ended).toMatchObject({ kind: "cancelled" });
    expectAllCounted(process);
    expect(counts.totals().acceptedRecords).toBe(log.kept.length);
  });
});

describe("any run of a Stream", () => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant("send" as const), producer: fc.integer({ min: 1, max: 5 }) }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: "garbage" as const }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("append" as const), which: fc.nat(9), ok: fc.boolean() }) },
    { weight: 3, arbitrary: fc.constant({ kind: "read" as const }) },
  );

  it("gives every batch one outcome, tells each kept seq as kept and nothing else, and counts to the end", async () => {
    const run = async (steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[]) => {
      const process = ingestProcess({ partitions: 3 });
      const { open, log, appendsEnd } = process;
      const client = open(false);
      const nextSeq = new Map<number, number>();
      let sent = 0;
      for (const each of steps) {
        if (each.kind === "read") await client.takeOne();
        else if (each.kind === "append") {
          log.underWay[each.which % log.underWay.length]?.end(each.ok ? undefined : unavailable());
          await turn();
        } else {
          sent += 1;
          const who = each.kind === "send" ? each.producer : 0;
          const firstSeq = nextSeq.get(who) ?? 0;
          nextSeq.set(who, firstSeq + 3);
          const batch = batchOf(3, { producerId: producer(who), firstSeq, bad: [who % 3] });
          await client.send(each.kind === "send" ? batch : Uint8Array.of(0xff));
        }
      }
      client.halfClose();
      await client.takeAll();
      for (let round = 0; round <= steps.length; round++) await appendsEnd();
      await client.ended;

      expect(client.settled).toBe(sent);
      const counts = client.answers.map(({ settledBatches }) => Number(settledBatches));
      expect(counts).toEqual(counts.toSorted((a, b) => a - b));
      const kept = log.kept.map(({ batch }) => fromBinary(LogBatchSchema, batch));
      const seqsKept = kept.flatMap(({ producerId, firstSeq }) => seqs(producerId, firstSeq, firstSeq + 2n));
      const seqsTold = client.all("acked").flatMap((range) => seqs(range.producerId, range.firstSeq, range.lastSeq));
      expect(seqsTold.toSorted()).toEqual(seqsKept.toSorted());
      const refused = client.all("refused").map(({ batch }) => batch);
      expect(new Set(refused).size).toBe(refused.length);
      expect(kept.length + refused.length).toBe(sent);
      expect(client.all("rejects")).toHaveLength(kept.length);
      expectAllCounted(process);
    };
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), run), { numRuns: 150 });
  }, 60_000);

  const seqs = (producerId: Uint8Array, first: bigint, last: bigint) =>
    Array.from(
      { length: Number(last - first) + 1 },
      (_, at) => `${Buffer.from(producerId).toString("hex")}-${first + BigInt(at)}`,
    );
});
