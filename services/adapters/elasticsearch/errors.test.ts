import { errors } from "@elastic/elasticsearch";
import { describe, expect, it } from "vitest";
import { LogPulseError } from "../../domain/errors.ts";
import { isReadOnly, isTooCostly, ShardFailures, toStoreError } from "./errors.ts";

type Meta = ConstructorParameters<typeof errors.ResponseError>[0];

const never = new AbortController().signal;

/** As Elasticsearch nests the cause of a search that no shard could begin. */
function answered(statusCode: number, type: string): errors.ResponseError {
  const cause = { type, reason: "a reason" };
  const failure = { type: "query_shard_exception", reason: "failed to create query", caused_by: cause };
  const error = { type: "search_phase_execution_exception", failed_shards: [{ shard: 0, reason: failure }] };
  return new errors.ResponseError({
    statusCode,
    body: { error, status: statusCode },
    warnings: null,
    meta: {},
  } as Meta);
}

/** As a search says it that some shards answered. */
function ofSomeShards(type: string): LogPulseError {
  const cause = new ShardFailures([{ shard: 0, reason: { type: "query_shard_exception", caused_by: { type } } }]);
  return new LogPulseError("store_unavailable", "could not search 1 of 2 shards", { cause });
}

describe("what Elasticsearch says", () => {
  it.each(["too_many_clauses", "too_many_nested_clauses", "too_complex_to_determinize_exception"])(
    "of a query is that it is too costly: %s",
    (type) => {
      for (const reason of [answered(400, type), answered(500, type), ofSomeShards(type)]) {
        const error = toStoreError(reason, never);
        expect(error).toMatchObject({ kind: "query_too_costly", mayRetry: false });
        expect(toStoreError(error, never)).toBe(error);
      }
    },
  );

  it.each([
    ["bug", answered(400, "illegal_argument_exception")],
    ["store_unavailable", answered(503, "no_shard_available_action_exception")],
    ["store_unavailable", ofSomeShards("no_shard_available_action_exception")],
  ])("otherwise is a %s", (kind, reason) => {
    expect(toStoreError(reason, never).kind).toBe(kind);
    expect(isTooCostly(reason)).toBe(false);
  });

  it.each([
    [403, "cluster_block_exception", true],
    [429, "cluster_block_exception", false], // The disk is full.
    [403, "security_exception", false],
  ])("with %i and %s is of an index that somebody made read-only: %s", (statusCode, type, expected) => {
    const body = { error: { type }, status: statusCode };
    const reason = new errors.ResponseError({ statusCode, body, warnings: null, meta: {} } as Meta);
    expect(isReadOnly(reason)).toBe(expected);
  });

  it("does not bring the request along", () => {
    const error = toStoreError(answered(400, "too_many_clauses"), never);
    expect(error.cause).toBeInstanceOf(Error);
    expect(error.cause).not.toBeInstanceOf(errors.ResponseError);
  });
});
