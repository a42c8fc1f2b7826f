import { toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import { Severity } from "../../gen/logpulse/v1/log_record_pb.ts";
import { isUuidV7, uuidV7TimeMs } from "../../services/domain/identity.ts";
import {
  BATCH_BYTES_MAX,
  GENERATE_PRODUCER_MS_MAX,
  RECORD_BYTES_MAX,
  RECORDS_PER_BATCH_MAX,
} from "../../services/domain/limits.ts";
import { walkBatch } from "../../services/ingest/walk-batch.ts";
import { ApplicationDraw } from "./application-draw.ts";
import { BatchSource } from "./record-source.ts";
import { SeededRandom } from "./seeded-random.ts";

const USUAL = { clientErrors: 0.05, serverErrors: 0.01 };
const NOW_MS = Date.parse("2026-03-01T10:00:00Z");
const SPAN = { fromMs: NOW_MS - 1_000, toMs: NOW_MS };

const records = (count: number, shares = USUAL) => {
  const draw = new ApplicationDraw(new SeededRandom(7), shares);
  return Array.from({ length: count }, () => draw.next());
};

describe("drawn records of applications", () => {
  it("have the levels that the shares of errors say", () => {
    const drawn = records(20_000, { clientErrors: 0.1, serverErrors: 0.05 });
    const share = (...levels: string[]) => drawn.filter(({ level }) => levels.includes(level)).length / drawn.length;
    expect(Math.abs(share("WARN") - 0.1)).toBeLessThan(0.01);
    expect(Math.abs(share("ERROR", "FATAL") - 0.05)).toBeLessThan(0.01);
    expect(share("FATAL")).toBeGreaterThan(0);
    expect(share("DEBUG")).toBeGreaterThan(0.05);
    expect(share("TRACE")).toBeGreaterThan(0);
  });

  it("have services, requests, and traces of several records", () => {
    const drawn = records(5_000);
    expect(new Set(drawn.map(({ service }) => service)).size).toBe(6);
    expect(drawn.filter(({ http }) => http).length).toBeGreaterThan(1_500);
    expect(new Set(drawn.map(({ traceId }) => traceId)).size).toBeLessThan(2_000);
    for (const { traceId, spanId } of drawn) expect(`${traceId} ${spanId}`).toMatch(/^[0-9a-f]{32} [0-9a-f]{16}$/);
  });

  it("have stack traces of four languages, now and then", () => {
    const traces = records(20_000, { clientErrors: 0, serverErrors: 0.2 }).filter(({ message }) =>
      message.includes("\n"),
    );
    const begins = [/^java\./, /^(Type|Range|Abort)Error: /, /^Traceback /, /^panic: /];
    for (const begin of begins) expect(traces.some(({ message }) => begin.test(message))).toBe(true);
    for (const { level, attributes } of traces) {
      expect(["ERROR", "FATAL"]).toContain(level);
      expect(attributes.exception).toMatchObject({ type: expect.any(String) });
    }
  });

  it("say no text that was not filled", () => {
    for (const { message } of records(5_000)) expect(message).not.toMatch(/[{}]\w*[{}]|undefined/);
  });
});

describe("a source of batches", () => {
  const source = (kind: "access" | "application", shares = USUAL, seed = 7) =>
    new BatchSource(kind, new SeededRandom(seed), shares, (count) => crypto.getRandomValues(new Uint8Array(count)));

  it.each(["access", "application"] as const)("%s: makes records that the server keeps", (kind) => {
    const errors = { clientErrors: 0, serverErrors: 1 }; // The longest ones.
    const bytes = toBinary(LogBatchSchema, source(kind, errors).next(RECORDS_PER_BATCH_MAX, SPAN));
    const { rejects } = walkBatch(bytes);
    expect(rejects).toEqual([]);
    expect(bytes.length).toBeLessThan(RECORDS_PER_BATCH_MAX * RECORD_BYTES_MAX);
  });

  it.each(["access", "application"] as const)("%s: the largest usual batch is no larger than one may be", (kind) => {
    expect(toBinary(LogBatchSchema, source(kind).next(RECORDS_PER_BATCH_MAX, SPAN)).length).toBeLessThan(
      BATCH_BYTES_MAX,
    );
  });

  it("gives each record an identity, and its place in the time of its request", () => {
    const batches = source("application");
    const [first, second] = [batches.next(3, SPAN), batches.next(2, SPAN)];
    expect([first.firstSeq, second.firstSeq]).toEqual([0n, 3n]);
    expect(first.producerId).toEqual(second.producerId);
    expect(isUuidV7(first.producerId)).toBe(true);
    const times = first.records.map(({ time }) => Number(time!.seconds) * 1_000 + time!.nanos / 1e6);
    expect(times).toEqual([NOW_MS - 667, NOW_MS - 334, NOW_MS]);
    expect(first.records[0]!.severity).not.toBe(Severity.UNSPECIFIED);
  });

  it("takes another producer id before the first one is too old", () => {
    const batches = source("access");
    const first = batches.next(5, SPAN);
    const later = { fromMs: SPAN.fromMs + GENERATE_PRODUCER_MS_MAX, toMs: SPAN.toMs + GENERATE_PRODUCER_MS_MAX };
    const second = batches.next(5, later);
    expect(second.producerId).not.toEqual(first.producerId);
    expect(uuidV7TimeMs(second.producerId)).toBe(later.toMs);
    expect(second.firstSeq).toBe(0n);
  });

  it("makes the same records of the same seed, under other identities", () => {
    const [one, other] = [source("application").next(200, SPAN), source("application").next(200, SPAN)];
    expect(one.records).toEqual(other.records);
    expect(one.producerId).not.toEqual(other.producerId);
  });
});
