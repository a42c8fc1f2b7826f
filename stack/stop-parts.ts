import { drainAndStop } from "../envoy/drain.ts";
import { STACK_PORTS } from "./ports.ts";
import { endGroup, isRunning } from "./processes.ts";
import { type PartState, STAGES, type StackState } from "./state.ts";

const STOP_MS_MAX = 20_000;
const DRAIN_MS_MAX = 5_000;

/**
 * Ends every part of a state, the last stage first; tells each on the console. A number that has since been given to another
 * process is left alone. A part that cannot be ended is told and does not keep the others.
 *
 * @returns how many parts could not be ended.
 */
export async function stopParts(state: StackState): Promise<number> {
  let failures = 0;
  for (const stage of STAGES.toReversed()) {
    const parts = state.parts.filter((part) => part.stage === stage);
    const ended = await Promise.allSettled(parts.map(stopPart));
    for (const [index, result] of ended.entries()) {
      if (result.status === "fulfilled") continue;
      failures++;
      console.error(`${parts[index]!.name}: ${(result.reason as Error).message}`);
    }
  }
  return failures;
}

async function stopPart({ name, stage, process }: PartState): Promise<void> {
  if (!isRunning(process)) return console.log(`${name}: had ended before`);
  const began = performance.now();
  let byItself = false;
  const terminate = async () => {
    byItself = await endGroup(process.pid, STOP_MS_MAX);
  };
  const adminUrl = `http://127.0.0.1:${STACK_PORTS.envoyAdmin}`;
  if (stage === "door") await drainAndStop({ adminUrl, drainMsMax: DRAIN_MS_MAX, terminate });
  else await terminate();
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(
    byItself ? `${name}: stopped in ${seconds} s` : `${name}: killed, it did not stop within ${STOP_MS_MAX / 1000} s`,
  );
}
