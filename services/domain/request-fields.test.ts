import { create } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { RECORD_TIME_NANOS_MAX, RECORD_TIME_SECONDS_MAX } from "./limits.ts";
import { boundedTime } from "./request-fields.ts";

const time = (seconds: bigint, nanos: number) => boundedTime("start_time", create(TimestampSchema, { seconds, nanos }));

describe("boundedTime", () => {
  it.each([
    [0n, 0, 0n],
    [1n, 999_999_999, 1_999_999_999n],
    [BigInt(RECORD_TIME_SECONDS_MAX), 999_999_999, RECORD_TIME_NANOS_MAX],
  ])("%i s and %i ns are %i ns", (seconds, nanos, expected) => expect(time(seconds, nanos)).toBe(expected));

  it("is nothing where no time is given", () => expect(boundedTime("start_time", undefined)).toBeUndefined());

  it.each([
    [-1n, 0, /start_time has -1 seconds; it must be from 1970/],
    [BigInt(RECORD_TIME_SECONDS_MAX) + 1n, 0, /it must be from 1970 to 2262/],
    [5n, -1, /start_time has -1 nanos; it must be from 0 to 999999999/],
    [0n, -1, /has -1 nanos/],
    [5n, 1_000_000_000, /has 1000000000 nanos; it must be from 0 to 999999999/],
  ])("refuses %i s and %i ns", (seconds, nanos, why) => expect(() => time(seconds, nanos)).toThrow(why));
});
