/** `npm run stack:stop`: ends what `npm run stack` started, and nothing else. With `--wipe` its data and logs go too. */
import { rmSync } from "node:fs";
import { isRunning } from "./processes.ts";
import { PARTS_DIRECTORY, readFlags, STACK_DIRECTORY } from "./stack-directory.ts";
import { deleteState, readState, type StackState } from "./state.ts";
import { stopParts } from "./stop-parts.ts";
import { waitUntil } from "./wait.ts";

const STARTER_MS_MAX = 60_000;

const flags = readFlags("--wipe");
const stopped = await stopStack();
if (!stopped) process.exitCode = 1;
else if (flags.has("--wipe")) {
  rmSync(PARTS_DIRECTORY, { recursive: true, force: true });
  console.log(`deleted ${PARTS_DIRECTORY}`);
}

async function stopStack(): Promise<boolean> {
  const found = readState(STACK_DIRECTORY);
  if (found !== undefined) await stopStarter(found);
  const left = readState(STACK_DIRECTORY);
  if (found === undefined) console.log(`nothing was started in ${STACK_DIRECTORY}`);
  if (left === undefined) return true;
  if ((await stopParts(left)) > 0) return false;
  deleteState(STACK_DIRECTORY);
  return true;
}

/** A start that is still under way ends its parts itself when it is told to; one that hangs is ended, and its parts by us. */
async function stopStarter({ starter }: StackState): Promise<void> {
  if (!isRunning(starter)) return;
  console.log("it is still being started: ending that");
  process.kill(starter.pid, "SIGTERM");
  if (await waitUntil(() => !isRunning(starter), STARTER_MS_MAX)) return;
  if (isRunning(starter)) process.kill(starter.pid, "SIGKILL");
}
