/**
 * `npm run stack`: starts the real servers, then the roles of LogPulse, then Envoy, and leaves them running. With
 * `--servers-only` the servers alone. When a part fails, or at Ctrl-C, everything is ended again.
 */
import { join } from "node:path";
import { logpulseParts, type Part, serverParts } from "./parts.ts";
import { identify } from "./processes.ts";
import type { Keeper } from "./server-process.ts";
import { partDirectory, readFlags, STACK_DIRECTORY } from "./stack-directory.ts";
import { claim, deleteState, type PartState, STAGES, writeState } from "./state.ts";
import { tellState } from "./status-lines.ts";
import { stopParts } from "./stop-parts.ts";

const flags = readFlags("--servers-only");
const parts = flags.has("--servers-only") ? serverParts() : [...serverParts(), ...logpulseParts()];
const starter = identify(process.pid)!;
const started: PartState[] = [];

const running = claim(STACK_DIRECTORY, starter);
if (running !== undefined) {
  console.log(`already running in ${STACK_DIRECTORY}; end it with npm run stack:stop`);
  process.exit(tellState(running) ? 0 : 1);
}
let givingUp: Promise<never> | undefined;
// Not once: npm passes Ctrl-C on, so it comes twice, and the second must not end us before our parts have ended.
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => void giveUp(`${signal}: ending what was started`));

const began = performance.now();
try {
  for (const stage of STAGES) await Promise.all(parts.filter((part) => part.stage === stage).map(start));
} catch (error) {
  await giveUp((error as Error).message);
}
console.log(`all healthy after ${secondsSince(began)}; logs and data: ${STACK_DIRECTORY}; end: npm run stack:stop`);
process.exit(0); // Nothing here waits for the children.

async function start(part: Part): Promise<void> {
  const began = performance.now();
  console.log(`${part.name}: starting …`);
  const { address } = await part.start(rememberAs(part));
  console.log(`${part.name}: healthy after ${secondsSince(began)} on ${address}`);
}

function rememberAs({ name, stage, port }: Part): Keeper {
  const logFile = join(partDirectory(name), `${name}.log`);
  return {
    remember(_name, identity) {
      started.push({ name, stage, process: identity, address: `127.0.0.1:${port}`, logFile });
      writeState(STACK_DIRECTORY, { starter, parts: started });
    },
  };
}

/** Ends what was started, then this process. Parts that fail because others are being ended call it again: once is enough. */
function giveUp(reason: string): Promise<never> {
  givingUp ??= endAll(reason);
  return givingUp;
}

async function endAll(reason: string): Promise<never> {
  console.error(reason);
  let failures = 0;
  // What was being prepared when the first failed may have become a process meanwhile.
  for (let ended = 0; ended < started.length; ) {
    const parts = started.slice(ended);
    failures += await stopParts({ starter, parts });
    ended += parts.length;
  }
  if (failures === 0) deleteState(STACK_DIRECTORY);
  process.exit(1);
}

function secondsSince(began: number): string {
  return `${((performance.now() - began) / 1000).toFixed(1)} s`;
}
