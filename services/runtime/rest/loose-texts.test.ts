import assert from "node:assert/strict";
import type { JsonValue } from "@bufbuild/protobuf";
import { describe, it } from "vitest";
import { LogBatchSchema } from "../../../gen/logpulse/v1/log_batch_pb.ts";
import { declareService } from "./declared-service.fixture.ts";
import { findLooseText } from "./loose-texts.ts";

const { input: thing } = declareService([{ name: "Call" }]).methods[0]!;
const bad = "2026-02-30T00:00:00Z";

describe("findLooseText", () => {
  it.each<[JsonValue, string]>([
    [{ records: [{ time: "2026-02-28T00:00:00Z" }, { time: bad }] }, "records[1].time"],
    [{ receivedTime: bad }, "receivedTime"],
    [{ received_time: bad }, "received_time"],
    [{ records: [{}, {}, { http: { latency: "1s or so" } }] }, "records[2].http.latency"],
    [{ records: [{ http: { status: "0x10" } }] }, "records[0].http.status"],
    [{ firstSeq: "0x10" }, "firstSeq"],
    [{ first_seq: " 1" }, "first_seq"],
    [{ producerId: "AQ=" }, "producerId"],
  ])("finds in a batch: %j", (json, name) => assert.equal(findLooseText(LogBatchSchema, json)?.name, name));

  it.each<JsonValue>([
    { records: [{ time: "2026-02-28T00:00:00Z", http: { status: "200", latency: "1.5s" } }], firstSeq: "7" },
    { producerId: "AQID", first_seq: 7 },
    { records: [{ message: bad, traceId: "0x10", attributes: { time: bad, firstSeq: "0x10" } }] },
    { records: { time: bad } },
    { records: [null, 1, "a", []] },
    { receivedTime: 1, firstSeq: {}, producerId: [] },
    null,
    "a",
    [bad],
  ])("finds nothing in a batch: %j", (json) => assert.equal(findLooseText(LogBatchSchema, json), undefined));

  it.each<[string, JsonValue[], JsonValue[]]>([
    ["count", ["1", "-1", "+1", "01", 5, true], ["0x1", "0b1", "1e2", "1.0", "1 ", ""]],
    ["size", ["1"], ["-1", "-0", "0x1"]],
    ["offset", ["-5"], ["0x5", "5n"]],
    ["total", ["18446744073709551615"], ["18446744073709551616", "-0"]],
    ["raw", ["", "AQID", "AQI=", "AQI", "-_8"], ["AQID=", "AQ=", "AQ ID", "AQ-/", "====", "=", "AQI=="]],
    ["at", ["2024-02-29T00:00:00Z", 5], ["2026-02-29T00:00:00Z", "2026-01-01T24:00:00Z", "2026-04-31T10:00:00+02:00"]],
    ["took", ["1s", "-0.5s", "01s"], ["1sx", "1s ", "1", "1.1234567890s"]],
    ["counts", [["1"], ["1", "2"]], [["1", "0x1"]]],
    ["text", ["0x1"], []],
    ["share", ["0x1", "NaN"], []],
    ["is_on", ["yes"], []],
    ["kind", ["nobody"], []],
    ["more", [{ a: "0x1" }], []],
  ])("of %s takes %j, and not %j", (name, good, loose) => {
    for (const value of good) assert.equal(findLooseText(thing, { [name]: value }), undefined, JSON.stringify(value));
    for (const value of loose) assert.ok(findLooseText(thing, { [name]: value }), JSON.stringify(value));
  });

  it("looks into messages that have themselves in them, and says what is wanted", () => {
    const found = findLooseText(thing, { inner: { deeper: { deeper: { at: bad } } } });
    assert.deepEqual([found?.name, found?.text], ["inner.deeper.deeper.at", bad]);
    assert.match(found?.wanted ?? "", /^a time of the calendar/);
    assert.equal(findLooseText(thing, { inners: [{}, { at: bad }] })?.name, "inners[1].at");
    assert.equal(findLooseText(thing, { counts: ["1", "x"] })?.name, "counts[1]");
  });
});
