import { toBinary } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { AccessRowSchema } from "../../gen/logpulse/v1/query_service_pb.ts";
import { accessRow } from "./access-row.ts";

const RECORD = { producer: "0".repeat(32), seq: 0, timeNanos: 1n, clientIp: "", method: "", path: "", status: 0 };
const SECOND = 1_000_000_000n;

it.each([
  [undefined, 0],
  [0n, 0],
  [499_999n, 0],
  [500_000n, 1],
  [1_500_600_000n, 1501],
  [2_147_483_647_000_000n, 2_147_483_647],
  [2_147_483_648_000_000n, 2_147_483_647],
  [315_576_000_000n * SECOND, 2_147_483_647],
  [-315_576_000_000n * SECOND, 0],
])("a latency of %s ns is one of %s ms, and can be sent", (latencyNanos, latencyMs) => {
  const row = accessRow("default", { ...RECORD, latencyNanos });
  expect(row.latencyMs).toBe(latencyMs);
  expect(toBinary(AccessRowSchema, row).length).toBeGreaterThan(0);
});
