import assert from "node:assert/strict";
import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { describe, it } from "vitest";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  QuotaFailureSchema,
  RetryInfoSchema,
} from "../../gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../gen/google/rpc/status_pb.ts";
import { ERROR_KINDS, type ErrorKind, LogPulseError } from "../domain/errors.ts";
import { toConnectError, toGrpcStatus, toHttpStatus, toStatus, toStatusJson } from "./rpc-status.ts";

const KINDS = Object.keys(ERROR_KINDS) as ErrorKind[];

function detailsBytes(error: LogPulseError): Buffer {
  return toGrpcStatus(toStatus(error)).metadata.get("grpc-status-details-bin")[0] as Buffer;
}

describe("toStatus", () => {
  it.each(KINDS)("gives %s a code and an ErrorInfo that names it", (kind) => {
    const details = fromBinary(StatusSchema, detailsBytes(new LogPulseError(kind, "why")));
    assert.ok(details.code >= 1 && details.code <= 16);
    const info = anyUnpack(details.details[0]!, ErrorInfoSchema);
    assert.equal(info?.reason, kind.toUpperCase());
    assert.equal(info?.domain, "logpulse");
  });

  it("gives codes that clients retry to kinds that may be retried, and to no others", () => {
    const retried = [Code.ResourceExhausted, Code.Unavailable, Code.Canceled, Code.DeadlineExceeded];
    for (const kind of KINDS) {
      const { code } = toStatus(new LogPulseError(kind, "why"));
      assert.equal(retried.includes(code), ERROR_KINDS[kind].mayRetry, kind);
    }
  });

  it("tells the wait, the quota and the field", () => {
    const error = new LogPulseError("rate_limited", "over the rate", {
      retryAfterMs: 1_250,
      quota: { subject: "client:10.0.0.1", description: "100,000 records/s" },
      metadata: { field: "records" },
    });
    const { details } = fromBinary(StatusSchema, detailsBytes(error));
    assert.deepEqual(
      details.map(({ typeUrl }) => typeUrl.replace("type.googleapis.com/google.rpc.", "")),
      ["ErrorInfo", "RetryInfo", "QuotaFailure", "BadRequest"],
    );
    const { retryDelay } = anyUnpack(details[1]!, RetryInfoSchema)!;
    assert.deepEqual([retryDelay?.seconds, retryDelay?.nanos], [1n, 250_000_000]);
    assert.equal(anyUnpack(details[2]!, QuotaFailureSchema)?.violations[0]?.subject, "client:10.0.0.1");
    const violation = anyUnpack(details[3]!, BadRequestSchema)?.fieldViolations[0];
    assert.deepEqual([violation?.field, violation?.description], ["records", "over the rate"]);
    assert.deepEqual(toGrpcStatus(toStatus(error)).metadata.get("retry-after"), ["2"]);
    assert.equal(toConnectError(toStatus(error)).metadata.get("retry-after"), "2");
  });

  it("always tells a wait to a caller over its rate, and at least one second in the header", () => {
    const without = toStatus(new LogPulseError("rate_limited", "over the rate"));
    assert.equal(without.retryAfterSeconds, 1);
    assert.equal(toStatus(new LogPulseError("overloaded", "full", { retryAfterMs: 3 })).retryAfterSeconds, 1);
    assert.equal(toStatus(new LogPulseError("not_found", "none")).retryAfterSeconds, undefined);
  });

  it.each([
    new Error("password=hunter2"),
    new LogPulseError("bug", "password=hunter2", { metadata: { password: "hunter2" } }),
    "hunter2",
    undefined,
  ])("says nothing of a fault of ours: %s", (reason) => {
    const status = toStatus(reason);
    assert.equal(status.code, Code.Internal);
    assert.doesNotMatch(toStatusJson(status), /hunter2/);
  });

  it.each([
    ["long", "x".repeat(1_000_000)],
    ["many bytes a character", "🦊".repeat(10_000)],
    ["half a surrogate pair", "\ud83e at the end \udd8a"],
    ["line breaks and NUL", "a\r\ngrpc-status: 0\0"],
  ])("keeps a hostile text fit for a header: %s", (_, text) => {
    const metadata = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`key_${index}`, text]));
    const error = new LogPulseError("invalid_record", text, {
      metadata: { field: text, ...metadata },
      quota: { subject: text, description: text },
      retryAfterMs: 1,
    });
    const { details, metadata: trailers } = toGrpcStatus(toStatus(error));
    const header = encodeURI(details);
    assert.match(header, /^[\x20-\x7e]*$/);
    const encoded = (trailers.get("grpc-status-details-bin")[0] as Buffer).toString("base64");
    assert.ok(header.length + encoded.length < 8_000, `${header.length} + ${encoded.length}`);
  });

  it.each<[ErrorKind, number]>([
    ["invalid_request", 400],
    ["not_permitted", 403],
    ["not_found", 404],
    ["query_too_costly", 400],
    ["rate_limited", 429],
    ["cancelled", 499],
    ["bug", 500],
    ["unknown_method", 501],
    ["overloaded", 503],
    ["log_unavailable", 503],
    ["store_unavailable", 503],
    ["deadline_exceeded", 504],
  ])("makes %s HTTP's %i", (kind, httpStatus) => {
    assert.equal(toHttpStatus(toStatus(new LogPulseError(kind, "why"))), httpStatus);
  });

  it("writes google.rpc.Status as JSON", () => {
    const json = JSON.parse(toStatusJson(toStatus(new LogPulseError("not_found", "no such record"))));
    assert.deepEqual(json, {
      code: 5,
      message: "no such record",
      details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "NOT_FOUND", domain: "logpulse" }],
    });
  });
});
