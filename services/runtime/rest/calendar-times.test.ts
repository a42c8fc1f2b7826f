import assert from "node:assert/strict";
import type { JsonValue } from "@bufbuild/protobuf";
import { describe, it } from "vitest";
import { LogBatchSchema } from "../../../gen/logpulse/v1/log_batch_pb.ts";
import { findTimeOffCalendar, isInCalendar } from "./calendar-times.ts";
import { declareService } from "./declared-service.fixture.ts";

const { input: thing } = declareService([{ name: "Call" }]).methods[0]!;

describe("isInCalendar", () => {
  it.each([
    "2026-01-31T00:00:00Z",
    "2024-02-29T23:59:59.9+02:00",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "2000-02-29T00:00:00Z",
  ])("%s is", (text) => assert.equal(isInCalendar(text), true));

  it.each([
    "2026-02-29T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-00-10T00:00:00Z",
  ])("%s is not", (text) => assert.equal(isInCalendar(text), false));
});

describe("findTimeOffCalendar", () => {
  const bad = "2026-02-30T00:00:00Z";

  it.each<[JsonValue, string | undefined]>([
    [{ records: [{ time: "2026-02-28T00:00:00Z" }, { time: bad }] }, "records[1].time"],
    [{ receivedTime: bad }, "receivedTime"],
    [{ received_time: bad }, "received_time"],
    [{ records: [{ message: bad, attributes: { time: bad } }] }, undefined],
    [{ records: { time: bad } }, undefined],
    [{ records: [null, 1, "a", []] }, undefined],
    [{ receivedTime: 1 }, undefined],
    [null, undefined],
    ["a", undefined],
    [[bad], undefined],
  ])("of a batch: %j", (json, where) => assert.equal(findTimeOffCalendar(LogBatchSchema, json), where));

  it("looks into messages that have themselves in them", () => {
    assert.equal(findTimeOffCalendar(thing, { inner: { deeper: { deeper: { at: bad } } } }), "inner.deeper.deeper.at");
    assert.equal(findTimeOffCalendar(thing, { inners: [{}, { at: bad }] }), "inners[1].at");
    assert.equal(findTimeOffCalendar(thing, { at: "2026-02-28T00:00:00Z", text: bad }), undefined);
  });
});
