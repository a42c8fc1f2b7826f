import { join } from "node:path";
import type { Installation } from "../installations/installation.ts";
import { runScript } from "../measure/child.ts";
import type { Identities } from "../measure/identities.ts";
import type { UnaryLoad, UnaryLoadResult } from "./unary-load.ts";

const LOAD = join(import.meta.dirname, "unary-load.ts");
const WARM_UP_SHARE = 0.5;

/**
 * Calls a second that an installation answers at most: closed loop, after the same for `warmUpSeconds`, or for half as long
 * where that is more. `acknowledged` gets what it acknowledged. @throws Error: a call failed.
 */
export async function mostCallsPerSecond(
  installation: Installation,
  load: Omit<UnaryLoad, "address" | "isEcho"> & { warmUpSeconds: number },
  acknowledged: Identities[],
): Promise<number> {
  const { address } = installation;
  let callsPerSecond = 0;
  for (const seconds of [Math.max(load.warmUpSeconds, load.seconds * WARM_UP_SHARE), load.seconds]) {
    const result = await runScript<UnaryLoadResult>(LOAD, { ...load, seconds, address, isEcho: false });
    if (Object.keys(result.failed).length > 0)
      throw new Error(`calls failed, by code: ${JSON.stringify(result.failed)}`);
    acknowledged.push(result.acknowledged);
    callsPerSecond = result.calls / result.wallSeconds;
    await installation.settle();
  }
  return callsPerSecond;
}
