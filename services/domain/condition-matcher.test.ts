import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { newProducer } from "../ports/build-logged-batch.ts";
import { CONDITION_CASES } from "./condition-cases.fixture.ts";
import { conditionMatcher } from "./condition-matcher.ts";
import { conditionsOn } from "./conditions.arbitrary.ts";
import { phrase } from "./conditions.fixture.ts";
import { crowdedRecords } from "./crowded-records.arbitrary.ts";
import { LoggedRecord } from "./logged-batch.ts";
import { MatchedRecord } from "./matched-record.ts";

describe("conditionMatcher", () => {
  it.each(CONDITION_CASES)("finds $title", ({ records, asked }) => {
    const matched = records.map(
      (record, seq) => new MatchedRecord("0".repeat(32), { seq, record: create(LogRecordSchema, record) }),
    );
    for (const [condition, found] of asked) {
      const matches = conditionMatcher(condition);
      expect(
        matched.filter(matches).map(({ seq }) => seq),
        JSON.stringify(condition, bigText),
      ).toEqual(found);
    }
  });

  it("finds a record by its whole identity only", () => {
    const producer = newProducer();
    const record = new MatchedRecord(producer, { seq: 7, record: create(LogRecordSchema) });
    const has = (of: string, seq: number) => conditionMatcher({ kind: "identity", producer: of, seq })(record);
    expect([has(producer, 7), has(producer, 8), has(newProducer(), 7)]).toEqual([true, false, false]);
  });

  it("gives the same answer from a record's columns as from the decoded record", { timeout: 60_000 }, () => {
    const producer = newProducer();
    const asked = crowdedRecords().chain((record) =>
      fc.tuple(
        fc.constant(record),
        fc.array(conditionsOn([{ producer, seq: 7, record, receivedNanos: 0n }]), { minLength: 5, maxLength: 5 }),
      ),
    );
    fc.assert(
      fc.property(asked, ([record, conditions]) => {
        const decoded = new MatchedRecord(producer, { seq: 7, record });
        for (const condition of conditions) {
          const logged = new LoggedRecord(7, toBinary(LogRecordSchema, record), 0n);
          const matches = conditionMatcher(condition);
          expect(matches(new MatchedRecord(producer, logged))).toBe(matches(decoded));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("looks for a phrase that nearly stands everywhere in one pass", () => {
    const message = `${"a ".repeat(100_000)}b`;
    const record = new MatchedRecord(newProducer(), { seq: 0, record: create(LogRecordSchema, { message }) });
    expect(conditionMatcher(phrase(`b ${"a ".repeat(200)}`))(record)).toBe(false);
    expect(conditionMatcher(phrase(`${"a ".repeat(200)}b`))(record)).toBe(true);
  });
});

describe("MatchedRecord", () => {
  it("decodes nothing for what its columns know, and no record without attributes for an attribute", () => {
    const sent = {
      service: "auth",
      message: "login failed",
      traceId: "0".repeat(32),
      http: { status: 500, path: "/" },
    };
    const logged = new LoggedRecord(0, toBinary(LogRecordSchema, create(LogRecordSchema, sent)), 0n);
    const record = new MatchedRecord(newProducer(), logged);
    expect(record.words).toEqual(["login", "failed"]);
    expect([record.text("service"), record.text("path"), record.text("trace_id")]).toEqual([
      "auth",
      "/",
      "0".repeat(32),
    ]);
    expect([record.number("status"), record.number("latency_nanos"), record.number("severity")]).toEqual([
      500,
      undefined,
      0,
    ]);
    expect(record.leaves("a")).toEqual([]);
    expect(logged.isDecoded).toBe(false);
    expect(record.text("user_agent")).toBe("");
    expect(logged.isDecoded).toBe(true);
  });
});

function bigText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}n` : value;
}
