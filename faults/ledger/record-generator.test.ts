import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { HOSTILE_TEXTS } from "./hostile-texts.ts";
import { DROPPED_STATUS, isInvalid, recordOf } from "./record-generator.ts";
import { SeededRandom } from "./seeded-random.ts";

const SOURCE = { seed: 11, baseMs: Date.UTC(2026, 10, 21) };
const RECORDS = Array.from({ length: 3_000 }, (_, seq) => recordOf(SOURCE, seq));

describe("generated records", () => {
  it("are the same again for the same source and seq, and others for others", () => {
    expect(recordOf(SOURCE, 17)).toEqual(RECORDS[17]);
    expect(recordOf({ ...SOURCE, seed: 12 }, 17)).not.toEqual(RECORDS[17]);
    expect(new Set(RECORDS.map((record) => Buffer.from(toBinary(LogRecordSchema, record)).toString("hex"))).size).toBe(
      3_000,
    );
  });

  it("survive their encoding", () => {
    for (const record of RECORDS) {
      expect(fromBinary(LogRecordSchema, toBinary(LogRecordSchema, record))).toEqual(record);
    }
  });

  it("have everything that the contract knows, now and then", () => {
    const has: [what: string, (record: (typeof RECORDS)[number]) => boolean][] = [
      ["no time", ({ time }) => time === undefined],
      ["raw bytes", ({ raw }) => raw !== undefined],
      ["http without latency", ({ http }) => http !== undefined && http.latency === undefined],
      ["the status that is dropped", ({ http }) => http?.status === DROPPED_STATUS],
      ["no http", ({ http }) => http === undefined],
      ["nested attributes", ({ attributes }) => JSON.stringify(attributes ?? {}).includes('{"inner"')],
      ["-0 in attributes", ({ attributes }) => Object.values(attributes ?? {}).some((value) => Object.is(value, -0))],
      ["empty attributes", ({ attributes }) => attributes !== undefined && Object.keys(attributes).length === 0],
      ["a hostile message", ({ message }) => HOSTILE_TEXTS.includes(message)],
      ["a trace id", ({ traceId }) => traceId !== ""],
    ];
    expect(has.filter(([, test]) => !RECORDS.some(test)).map(([what]) => what)).toEqual([]);
  });

  it("are invalid once in about 400 times, and never dropped without a time", () => {
    const invalid = RECORDS.filter((_, seq) => isInvalid(SOURCE, seq)).length;
    expect(invalid).toBeGreaterThan(0);
    expect(invalid).toBeLessThan(20);
    expect(RECORDS.filter(({ http, time }) => http?.status === DROPPED_STATUS && !time)).toEqual([]);
  });

  it("use hostile texts that fit the shortest field and are valid UTF-8", () => {
    for (const text of HOSTILE_TEXTS) {
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(64);
      expect(text.isWellFormed()).toBe(true);
    }
  });
});

describe("seeded chance", () => {
  it("repeats itself, and branches differ", () => {
    const words = (seed: number, branch: number) => {
      const random = new SeededRandom(seed, branch);
      return Array.from({ length: 5 }, () => random.word());
    };
    expect(words(1, 2)).toEqual(words(1, 2));
    expect(words(1, 3)).not.toEqual(words(1, 2));
    expect(words(2, 2)).not.toEqual(words(1, 2));
  });

  it("is spread evenly and keeps its bounds", () => {
    const random = new SeededRandom(5);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) counts[random.between(0, 9)]! += 1;
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1_150);
  });
});
