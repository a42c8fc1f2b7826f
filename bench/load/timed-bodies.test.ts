import { fromBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { expect, it } from "vitest";
import { LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import { TimedBodies } from "./timed-bodies.ts";

it.each([
  ["late in a second", 1_795_432_100_700, 1_795_432_100_700],
  ["early in a second", 1_795_432_100_200, 1_795_432_099_999],
  ["at its begin", 1_795_432_100_000, 1_795_432_099_999],
])("records are of now: %s", (_, nowMs, timeMs) => {
  const bodies = new TimedBodies(20);
  bodies.at(3, nowMs - 5_000);
  const { records } = fromBinary(LogBatchSchema, bodies.at(3, nowMs));
  expect(records.map(({ time }) => timestampMs(time!))).toEqual(Array.from({ length: 20 }, () => timeMs));
  expect(new Set(records.map(({ message }) => message)).size).toBe(20);
});
