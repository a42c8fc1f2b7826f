import { join } from "node:path";
import type { Installation } from "../installations/installation.ts";
import { runScript } from "../measure/child.ts";
import type { Identities } from "../measure/identities.ts";
import type { UnaryLoad, UnaryLoadResult } from "./unary-load.ts";

const LOAD = join(import.meta.dirname, "unary-load.ts");

/**
 * How long an installation takes calls before anything of it is measured. The compiler of Kafka's JVM is busy for more than
 * a minute of load, with a quarter of a core: what is measured meanwhile says more of it than of us.
 */
export const SETTLING = { option: "settling", usual: 75, min: 1, max: 600 };

/**
 * Calls a second that an installation answers at most: closed loop, after the same for `settlingSeconds`. `acknowledged`
 * gets what it acknowledged. @throws Error: a call failed.
 */
export async function mostCallsPerSecond(
  installation: Installation,
  load: Omit<UnaryLoad, "address" | "isEcho"> & { settlingSeconds: number },
  acknowledged: Identities[],
): Promise<number> {
  const { address } = installation;
  let callsPerSecond = 0;
  for (const seconds of [load.settlingSeconds, load.seconds]) {
    const result = await runScript<UnaryLoadResult>(LOAD, { ...load, seconds, address, isEcho: false });
    if (Object.keys(result.failed).length > 0)
      throw new Error(`calls failed, by code: ${JSON.stringify(result.failed)}`);
    acknowledged.push(result.acknowledged);
    callsPerSecond = result.calls / result.wallSeconds;
    await installation.settle();
  }
  return callsPerSecond;
}
