import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { UploadLinesRequestSchema, WriteLogRequestSchema } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { type LogBatch, LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import { LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { MemoryCounter } from "../adapters/memory/counter.ts";
import { MemoryEventLog } from "../adapters/memory/event-log.ts";
import { MemoryRateLimiter } from "../adapters/memory/rate-limiter.ts";
import { LogPulseError } from "../domain/errors.ts";
import { isUuidV7, makeUuidV7 } from "../domain/identity.ts";
import { partitionOf } from "../domain/partition.ts";
import type { Clock } from "../ports/clock.ts";
import type { CallContext } from "../ports/service-handlers.ts";
import { BatchAcceptor } from "./accept-batch.ts";
import { IngestCounts } from "./ingest-counts.ts";
import { upload } from "./upload.ts";
import { uploadLines } from "./upload-lines.ts";
import { write, writeLog } from "./write-records.ts";

const NOW_MS = Date.UTC(2026, 10, 21, 13);
const DAY_MS = 86_400_000;

function ingest(limit = { capacity: 1_000_000, refillPerSecond: 1_000_000 }) {
  let nowMs = NOW_MS;
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms;
    },
  };
  let drawn = 0;
  const log = new MemoryEventLog(3);
  const counts = new IngestCounts();
  const counter = new MemoryCounter();
  const acceptor = new BatchAcceptor({
    log,
    limiter: new MemoryRateLimiter(limit, clock),
    clock,
    randomBytes: (count) => Uint8Array.from({ length: count }, () => (drawn = (drawn * 31 + 17) % 251)),
    counts,
    producerAgeDaysMax: 27,
  });
  const kept = () =>
    [0, 1, 2].flatMap((partition) =>
      log
        .messagesFrom(partition, 0)
        .map((message) => ({ partition, batch: fromBinary(LogBatchSchema, message.bytes) })),
    );
  return {
    write: (bytes: Uint8Array, caller: CallContext) => write(acceptor, bytes, caller),
    upload: (batches: AsyncIterable<Uint8Array>) => upload(acceptor, batches, context),
    writeLog: (init: MessageInitShape<typeof WriteLogRequestSchema>) =>
      writeLog(acceptor, counter, create(WriteLogRequestSchema, init), context),
    uploadLines: (lines: string[], more: MessageInitShape<typeof UploadLinesRequestSchema> = {}) =>
      uploadLines({ acceptor, clock }, create(UploadLinesRequestSchema, { lines, ...more }), context),
    kept,
    counts,
    advance: (ms: number) => {
      nowMs += ms;
    },
  };
}

const { signal } = new AbortController();
const context: CallContext = { tenant: "default", client: "10.0.0.1", signal, stopping: signal };
const producerId = makeUuidV7(NOW_MS, new Uint8Array(10).fill(9));

function encoded(
  messages: string[],
  batch: { producerId?: Uint8Array<ArrayBuffer>; firstSeq?: bigint } = { producerId },
): Uint8Array {
  const records = messages.map((message) => create(LogRecordSchema, { message }));
  return toBinary(LogBatchSchema, create(LogBatchSchema, { ...batch, records }));
}

async function* stream(...batches: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* batches;
}

const messagesOf = (batch: LogBatch) => batch.records.map((record) => record.message);
const kindOf = (call: Promise<unknown>) =>
  call.then(
    () => "ok",
    (reason) => (reason instanceof LogPulseError ? reason.kind : reason),
  );
const bad = create(LogRecordSchema, { service: "s".repeat(300), message: "bad" });

describe("Write", () => {
  it("keeps the batch on its producer's partition with the server's fields", async () => {
    const { write, kept } = ingest();
    const answer = await write(encoded(["a", "b"], { producerId, firstSeq: 7n }), context);
    expect(answer).toEqual({ producerId, firstSeq: 7n, accepted: 2, rejects: [] });
    expect(kept()).toHaveLength(1);
    const { partition, batch } = kept()[0]!;
    expect(partition).toBe(partitionOf("default", producerId, 3));
    expect(batch).toMatchObject({ tenant: "default", firstSeq: 7n, receivedTime: { seconds: BigInt(NOW_MS / 1000) } });
    expect(batch.assigned).toBeUndefined();
    expect(messagesOf(batch)).toEqual(["a", "b"]);
  });

  it("names each rejected record and keeps its neighbours; the rejects travel with the batch", async () => {
    const { write, kept, counts } = ingest();
    const records = [create(LogRecordSchema, { message: "a" }), bad, create(LogRecordSchema, { message: "c" })];
    const answer = await write(toBinary(LogBatchSchema, create(LogBatchSchema, { producerId, records })), context);
    const reject = { index: 1, field: "service", reason: "is 300 bytes long; the limit is 256" };
    expect(answer).toMatchObject({ accepted: 2, rejects: [reject] });
    expect(kept()[0]!.batch.rejects).toMatchObject([reject]);
    expect(messagesOf(kept()[0]!.batch)).toEqual(["a", "", "c"]);
    expect(counts.totals()).toMatchObject({ acceptedRecords: 2, rejectedRecords: { service: 1 } });
    expect(counts.totals().rejects).toEqual([{ field: "service", kind: "too_long", count: 1 }]);
  });

  it("draws an identity where the client has none, whose hash falls on the partition it is kept on", async () => {
    const { write, kept } = ingest();
    for (let i = 0; i < 6; i++) await write(encoded(["a", "b"], {}), context);
    for (const { partition, batch } of kept()) {
      expect(isUuidV7(batch.producerId)).toBe(true);
      expect(partitionOf("default", batch.producerId, 3)).toBe(partition);
      expect(batch.assigned).toBe(true);
    }
    const identities = kept().map(({ batch }) => `${Buffer.from(batch.producerId).toString("hex")}-${batch.firstSeq}`);
    expect(new Set(identities).size).toBe(6);
    expect(kept().map(({ partition }) => partition)).toEqual([0, 0, 1, 1, 2, 2]);
  });

  it("renews drawn identities every hour", async () => {
    const { write, kept, advance } = ingest();
    await write(encoded(["a"], {}), context);
    advance(3_600_001);
    for (let i = 0; i < 3; i++) await write(encoded(["a"], {}), context);
    expect(new Set(kept().map(({ batch }) => Buffer.from(batch.producerId).toString("hex"))).size).toBe(4);
  });

  it.each([
    ["27 days old", NOW_MS - 27 * DAY_MS, "ok"],
    ["older", NOW_MS - 27 * DAY_MS - 1, "producer_expired"],
    ["10 minutes ahead", NOW_MS + 600_000, "ok"],
    ["further ahead", NOW_MS + 600_001, "producer_expired"],
    ["of the year 10889", 2 ** 48 - 1, "producer_expired"],
  ])("a producer id %s", async (_name, timeMs, expected) => {
    const id = makeUuidV7(timeMs, new Uint8Array(10));
    const { write, kept } = ingest();
    expect(await kindOf(write(encoded(["a"], { producerId: id }), context))).toBe(expected);
    expect(kept()).toHaveLength(expected === "ok" ? 1 : 0);
  });

  it("a producer id that is no UUIDv7, an empty batch", async () => {
    const { write, kept } = ingest();
    expect(await kindOf(write(encoded(["a"], { producerId: new Uint8Array(16).fill(1) }), context))).toBe(
      "invalid_batch",
    );
    expect(await write(new Uint8Array(), context)).toMatchObject({ accepted: 0, rejects: [] });
    expect(kept()).toEqual([]);
  });

  it("over the limit is refused with the wait, and the debt is paid by waiting", async () => {
    const { write, advance, kept } = ingest({ capacity: 10, refillPerSecond: 10 });
    await write(encoded(Array.from({ length: 30 }, () => "x")), context); // Debt of 20 tokens.
    const refused = write(encoded(["y"]), context);
    await expect(refused).rejects.toMatchObject({ kind: "rate_limited", quota: { subject: "client:10.0.0.1" } });
    const waitMs = await refused.catch((reason: LogPulseError) => reason.retryAfterMs!);
    expect(waitMs).toBeGreaterThan(1_500);
    await write(encoded(["z"]), { ...context, client: "10.0.0.2" });
    advance(waitMs as number);
    await write(encoded(["y"]), context);
    expect(kept()).toHaveLength(3);
  });
});

describe("Upload", () => {
  it("keeps every batch in order and answers once, with the sums", async () => {
    const { upload, kept } = ingest();
    const batches = Array.from({ length: 100 }, (_, i) =>
      encoded([`${i}a`, `${i}b`], { producerId, firstSeq: BigInt(2 * i) }),
    );
    expect(await upload(stream(...batches))).toEqual({
      batches: 100n,
      accepted: 200n,
      rejected: 0n,
      rejects: [],
    });
    expect(kept().map(({ batch }) => Number(batch.firstSeq))).toEqual(Array.from({ length: 100 }, (_, i) => 2 * i));
  });

  it("tells the first hundred rejects with their batch", async () => {
    const { upload } = ingest();
    const batch = toBinary(
      LogBatchSchema,
      create(LogBatchSchema, { producerId, records: Array.from({ length: 60 }, () => bad) }),
    );
    const answer = await upload(stream(batch, encoded(["good"]), batch));
    expect(answer).toMatchObject({ batches: 3n, accepted: 1n, rejected: 120n });
    expect(answer.rejects).toHaveLength(100);
    expect(answer.rejects?.at(-1)).toMatchObject({ batch: 2n, reject: { index: 39, field: "service" } });
  });

  it("ends at the first batch that cannot be read; those before it are kept", async () => {
    const { upload, kept, counts } = ingest();
    const call = upload(stream(encoded(["a"]), Uint8Array.of(0xff), encoded(["never"])));
    await expect(call).rejects.toMatchObject({ kind: "invalid_batch" });
    expect(kept().map(({ batch }) => messagesOf(batch))).toEqual([["a"]]);
    expect(counts.totals().refusedBatches).toEqual({ invalid_batch: 1 });
  });
});

describe("WriteLog", () => {
  it("answers with the id under which the record is kept, and a total that grows", async () => {
    const { writeLog, kept } = ingest();
    const request = {
      serviceName: "shop",
      service: "",
      level: "Warning",
      message: "hello",
      timestamp: "2026-11-21T12:00:00Z",
    };
    const call = () => writeLog(request);
    expect(await call()).toMatchObject({ message: "log accepted", totalLogged: 1 });
    const answer = await call();
    expect(answer).toMatchObject({ id: expect.stringMatching(/^[0-9a-f]{32}-\d+$/), totalLogged: 2 });
    expect(kept()[0]!.batch.records[0]).toMatchObject({
      service: "shop",
      severityText: "Warning",
      severity: 13,
      message: "hello",
    });
  });

  it.each([
    ["no message", { message: "" }, "invalid_record", /^message is empty/],
    ["a bad time", { timestamp: "yesterday" }, "invalid_request", /^timestamp is "yesterday"/],
    ["a long level", { level: "l".repeat(65) }, "invalid_record", /^level is 65 bytes long; the limit is 64/],
    ["a long service", { service: "s".repeat(257) }, "invalid_record", /^service_name is 257 bytes/],
  ])("%s is an error by name", async (_name, wrong, kind, text) => {
    const { writeLog } = ingest();
    const request = {
      serviceName: "",
      service: "",
      level: "",
      message: "m",
      timestamp: "",
      ...wrong,
    } as const;
    await expect(writeLog(request)).rejects.toMatchObject({ kind, message: expect.stringMatching(text) });
  });
});

describe("UploadLines", () => {
  const line = "2026-11-21T13:00:00Z 1.1.1.1 GET / 200 1ms";
  const call = (lines: string[]) => {
    const made = ingest();
    return { ...made, answer: made.uploadLines(lines) };
  };

  it("keeps all lines in one batch", async () => {
    const { answer, kept } = call([line, line, line]);
    expect(await answer).toEqual({ message: "Logs processed", rejected: undefined });
    expect(messagesOf(kept()[0]!.batch)).toEqual([line, line, line]);
  });

  it("keeps ten thousand long lines in several batches, each below the limit", async () => {
    const long = line.replace(" / ", ` /${"p".repeat(400)} `);
    const { answer, kept } = call([...Array.from({ length: 9_999 }, () => long), line.replace("GET", "G".repeat(65))]);
    expect(await answer).toMatchObject({ rejected: { count: 1, rejects: [{ index: 9_999, field: "http.method" }] } });
    expect(kept().length).toBeGreaterThan(1);
    expect(kept().reduce((sum, { batch }) => sum + batch.records.length, 0)).toBe(10_000);
  });

  it("names the bad lines by their place and keeps the others", async () => {
    const longMethod = line.replace("GET", "G".repeat(65));
    const { answer, kept, counts } = call([line, "nonsense", longMethod, line]);
    expect(await answer).toMatchObject({
      rejected: {
        count: 2,
        rejects: [
          { index: 1, field: "line" },
          { index: 2, field: "http.method" },
        ],
      },
    });
    expect(messagesOf(kept()[0]!.batch)).toEqual([line, "", line]);
    expect(counts.totals()).toMatchObject({ acceptedRecords: 2, rejectedRecords: { line: 1, "http.method": 1 } });
    expect(counts.totals().rejects).toEqual([
      { field: "line", kind: "malformed", count: 1 },
      { field: "http.method", kind: "too_long", count: 1 },
    ]);
  });

  it("is an error only where no line is a record", async () => {
    await expect(call(["a", "b"]).answer).rejects.toMatchObject({
      kind: "invalid_record",
      message: expect.stringMatching(/lines\[0\] line has 1/),
    });
    expect(await call([]).answer).toMatchObject({ message: "Logs processed" });
    await expect(call(Array.from({ length: 10_001 }, () => line)).answer).rejects.toMatchObject({
      kind: "invalid_request",
    });
  });
});
