import { BenchUsage } from "../measure/options.ts";
import { benchFairness } from "./fairness.ts";
import { benchPause } from "./pause.ts";
import { benchSurge } from "./surge.ts";

const PARTS: Record<string, (args: string[]) => Promise<void>> = {
  surge: benchSurge,
  fairness: benchFairness,
  pause: benchPause,
};

/**
 * More than LogPulse can take: `surge` (all send more than it takes together), `fairness` (one sends more than it may) or
 * `pause` (its log answers nothing for a minute). The first argument says which.
 */
export async function benchOverload(args: string[]): Promise<void> {
  const [name, ...rest] = args;
  const part = PARTS[name ?? ""];
  if (part === undefined) {
    const usage = `say which part of overload: ${Object.keys(PARTS).join(", ")}`;
    throw new BenchUsage(usage, name === undefined || name === "--help" ? undefined : `there is no part ${name}`);
  }
  await part(rest);
}
