import { expect, it } from "vitest";
import type { StoreRound } from "./rounds.ts";
import { sidesOf } from "./tables.ts";

const ROUND: StoreRound = {
  recordsPerSecond: 10,
  acknowledgedSeconds: 1,
  elasticsearchSeconds: 2,
  mysqlSeconds: 3,
  cpuMicroseconds: { "ingest-1": 1, "worker-mysql": 4, elasticsearch: 15, load: 5 },
};

it("the sender's CPU counts on the bare loader's side only, and servers' to nobody's own", () => {
  const { bareLoader, fullMode } = sidesOf([ROUND], [ROUND, { ...ROUND, recordsPerSecond: 20 }]);
  expect(bareLoader).toMatchObject({
    recordsPerCpuSecond: { median: 40_000 },
    recordsPerOwnCpuSecond: { median: 200_000 },
  });
  expect(fullMode).toMatchObject({
    recordsPerCpuSecond: { median: 50_000 },
    recordsPerOwnCpuSecond: { median: 200_000 },
  });
  expect(fullMode.recordsPerSecond).toEqual({ median: 15, min: 10, max: 20, of: [10, 20] });
  expect(fullMode.cpuMicroseconds.elasticsearch!.median).toBe(15);
});
