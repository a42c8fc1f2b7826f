import { spawn } from "node:child_process";
import { fstatSync } from "node:fs";

const STANDARD_OUTPUT = 1;
const LOOK_EVERY_S = "0.1";

/**
 * Aborted when nobody reads standard output any more, also while there is nothing to write: `logpulse tail | head -1`
 * ends with its `head`. Without GNU's tail on the machine, or where the output is no pipe, the next write tells
 * instead.
 *
 * `over`: looking ends when it is aborted.
 */
export function readerGone(over: AbortSignal): AbortSignal {
  const gone = new AbortController();
  if (process.platform === "win32" || !fstatSync(STANDARD_OUTPUT).isFIFO()) return gone.signal;
  // Node cannot poll a pipe for its reader. GNU's tail does, and ends by SIGPIPE; others end at once, or never. It holds the
  // pipe open too, so it must not outlive us: not even where we are killed.
  const watcher = spawn("tail", [`--pid=${process.pid}`, "-s", LOOK_EVERY_S, "-f", "/dev/null"], {
    stdio: ["ignore", "inherit", "ignore"],
  });
  watcher.on("error", () => undefined); // There is no tail.
  watcher.on("exit", (_code, signal) => {
    if (signal === "SIGPIPE") gone.abort();
  });
  const end = () => watcher.kill("SIGKILL");
  process.on("exit", end);
  over.addEventListener("abort", end);
  return gone.signal;
}
