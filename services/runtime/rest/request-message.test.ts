import assert from "node:assert/strict";
import { create, type DescMessage, type JsonObject, toJson } from "@bufbuild/protobuf";
import { describe, it } from "vitest";
import { UploadLinesRequestSchema, WriteLogRequestSchema } from "../../../gen/logpulse/v1/ingest_service_pb.ts";
import { LogBatchSchema } from "../../../gen/logpulse/v1/log_batch_pb.ts";
import { BATCH_BYTES_MAX, GRPC_MESSAGE_BYTES_MAX } from "../../domain/limits.ts";
import type { BodyPlace } from "./http-rules.ts";
import { encodedMessage, requestMessage } from "./request-message.ts";

const WHOLE: BodyPlace = { kind: "whole" };
const LINES: BodyPlace = { kind: "field", field: UploadLinesRequestSchema.field.lines };
const NONE: BodyPlace = { kind: "none" };

const read = (desc: DescMessage, place: BodyPlace, text: string, bound: JsonObject = {}) =>
  toJson(desc, requestMessage(desc, place, text, bound, "the body"));

describe("requestMessage", () => {
  it.each<[DescMessage, BodyPlace, string, JsonObject, JsonObject]>([
    [WriteLogRequestSchema, WHOLE, '{"service_name":"a","message":"b"}', {}, { service_name: "a", message: "b" }],
    [WriteLogRequestSchema, WHOLE, "", {}, {}],
    [WriteLogRequestSchema, WHOLE, "", { message: "a" }, { message: "a" }],
    [WriteLogRequestSchema, WHOLE, '{"level":"x"}', { message: "a" }, { level: "x", message: "a" }],
    [WriteLogRequestSchema, NONE, "", { message: "a" }, { message: "a" }],
    [UploadLinesRequestSchema, LINES, '["a","b"]', {}, { lines: ["a", "b"] }],
    [UploadLinesRequestSchema, LINES, '["a"]', { lines: ["b"] }, { lines: ["a", "b"] }],
    [UploadLinesRequestSchema, LINES, "null", {}, {}],
    [LogBatchSchema, WHOLE, '{"first_seq":7,"records":[{}]}', {}, { firstSeq: "7", records: [{}] }],
  ])("%s: %o %s %j", (desc, place, text, bound, expected) =>
    assert.deepEqual(read(desc, place, text, bound), expected),
  );

  it.each<[DescMessage, BodyPlace, string, RegExp]>([
    [WriteLogRequestSchema, WHOLE, "[]", /^the body must be a JSON object$/],
    [WriteLogRequestSchema, WHOLE, "null", /must be a JSON object/],
    [WriteLogRequestSchema, WHOLE, " ", /^the body is no JSON/],
    [WriteLogRequestSchema, WHOLE, '{"mesage":"a"}', /key "mesage" is unknown/],
    [WriteLogRequestSchema, WHOLE, '{"__proto__":{"message":"a"}}', /key "__proto__" is unknown/],
    [WriteLogRequestSchema, WHOLE, '{"message":1}', /message.*expected string, got 1/],
    [WriteLogRequestSchema, WHOLE, '{"message":"a","message":"b"}', /name "message" twice/],
    [LogBatchSchema, WHOLE, '{"firstSeq":1,"first_seq":2}', /first_seq.*set multiple times/],
    [LogBatchSchema, WHOLE, '{"firstSeq":-1}', /first_seq/],
    [LogBatchSchema, WHOLE, '{"records":[{"severity":"LOUD"}]}', /Severity.*LOUD/],
    [
      LogBatchSchema,
      WHOLE,
      '{"records":[{},{"time":"2026-02-30T00:00:00Z"}]}',
      /^records\[1\]\.time is "2026-02-30T00:00:00Z"; it must be a time of the calendar/,
    ],
    [LogBatchSchema, WHOLE, '{"records":[{"nobody":1}]}', /LogRecord.*"nobody" is unknown/],
    [UploadLinesRequestSchema, LINES, "", /^the body is no JSON/],
    [UploadLinesRequestSchema, LINES, "{}", /lines.*expected Array/],
    [UploadLinesRequestSchema, LINES, '["a",null]', /lines.*must not be null/],
  ])("refuses %s: %o %s", (desc, place, text, message) => {
    assert.throws(() => read(desc, place, text), { kind: "invalid_request", message });
  });

  it("takes no larger message than gRPC does, however long its text may be", () => {
    const line = "a".repeat(GRPC_MESSAGE_BYTES_MAX - 5); // Its tag and its length have five bytes.
    assert.ok(read(UploadLinesRequestSchema, LINES, JSON.stringify([line])));
    const message = /^the message has 4259841 bytes; it may have 4259840$/;
    assert.throws(() => read(UploadLinesRequestSchema, LINES, JSON.stringify([`${line}a`])), {
      kind: "invalid_request",
      message,
    });
    const wide = JSON.stringify(["🦊".repeat(GRPC_MESSAGE_BYTES_MAX / 4)]);
    assert.throws(() => read(UploadLinesRequestSchema, LINES, wide), {
      kind: "invalid_request",
      message: /may have 4259840$/,
    });
    assert.ok(read(UploadLinesRequestSchema, LINES, `${" ".repeat(GRPC_MESSAGE_BYTES_MAX)}["a"]`));
  });

  it("keeps names like __proto__ as data where names are data", () => {
    const message = read(LogBatchSchema, WHOLE, '{"records":[{"attributes":{"__proto__":{"a":1},"constructor":2}}]}');
    assert.equal(JSON.stringify(message), '{"records":[{"attributes":{"__proto__":{"a":1},"constructor":2}}]}');
    assert.equal(Object.hasOwn(Object.prototype, "a"), false);
  });
});

describe("encodedMessage", () => {
  it("is at most a batch", () => {
    const batch = (characters: number) => create(LogBatchSchema, { records: [{ message: "a".repeat(characters) }] });
    assert.equal(encodedMessage(LogBatchSchema, batch(BATCH_BYTES_MAX - 10)).length, BATCH_BYTES_MAX);
    assert.throws(() => encodedMessage(LogBatchSchema, batch(BATCH_BYTES_MAX - 9)), { kind: "invalid_batch" });
  });
});
