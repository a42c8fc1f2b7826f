import { expect } from "vitest";
import type { FaultResult } from "../scene/run-fault.ts";
import type { EmbeddedSettings } from "./embedded-fault.ts";

/** More than a short run takes on a machine that has a lot to do. */
export const SHORT_RUN_MS_MAX = 120_000;

const SEED = 20_261_124;
const PER_SECOND = 800;

/**
 * A few rounds of what `npm run faults -- embedded-…` does for longer, always with the same seed. Nothing may be lost,
 * doubled, invented or changed; where it is, the test says what the run has told.
 */
export async function shortRun(
  rounds: number,
  run: (settings: EmbeddedSettings) => Promise<FaultResult>,
): Promise<FaultResult> {
  const told: string[] = [];
  const result = await run({ seed: SEED, rounds, perSecond: PER_SECOND, tell: (sentence) => void told.push(sentence) });
  expect(result.problems, told.join("\n")).toEqual([]);
  expect(result.check.acked).toBeGreaterThan(200);
  expect(result.check.stores.sqlite).toMatchObject({ lost: 0, duplicated: 0, phantom: 0, corrupt: 0 });
  return result;
}
