import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { ListDeadLettersRequestSchema } from "../../../gen/logpulse/v1/admin_service_pb.ts";
import { LogBatchSchema } from "../../../gen/logpulse/v1/log_batch_pb.ts";
import { PingRequestSchema } from "../../../gen/logpulse/v1/query_service_pb.ts";
import { resolveFieldPath } from "./field-path.ts";

describe("resolveFieldPath", () => {
  it.each([
    ["page_size", "page_size"],
    ["pageSize", "page_size"],
    ["filter", "filter"],
    ["filter.store", "filter.store"],
    ["filter.startTime", "filter.start_time"],
    ["filter.start_time", "filter.start_time"],
  ])("%s", (name, fields) => {
    const path = resolveFieldPath(ListDeadLettersRequestSchema, name).map((field) => field.name);
    assert.equal(path.join("."), fields);
  });

  it.each([
    ["nobody", /^nobody is no parameter; known are filter, page_size, page_token, original_bytes_max$/],
    ["filter.nobody", /^filter\.nobody is no parameter; known are store, reason,/],
    ["PAGE_SIZE", /is no parameter; known/],
    ["", /is no parameter; known/],
    [".", /is no parameter; known/],
    ["filter.", /is no parameter; known/],
    [".filter", /is no parameter; known/],
    ["filter..store", /is no parameter; known/],
    ["page_size.x", /page_size is one value$/],
    ["filter.start_time.seconds", /start_time is one value$/],
    ["filter.state.x", /state is one value$/],
    ["__proto__", /is no parameter/],
    ["filter.__proto__.x", /is no parameter/],
    ["constructor", /is no parameter/],
  ])("refuses %j", (name, reason) => {
    const metadata = { field: name };
    const refused = { kind: "invalid_request", message: reason, metadata };
    assert.throws(() => resolveFieldPath(ListDeadLettersRequestSchema, name), refused);
  });

  it("cannot say which of many messages it means", () => {
    assert.throws(() => resolveFieldPath(LogBatchSchema, "records.message"), /records has many values$/);
  });

  it("says so where there are no parameters", () => {
    assert.throws(() => resolveFieldPath(PingRequestSchema, "x"), /^LogPulseError: x is no parameter: there are none$/);
  });
});
