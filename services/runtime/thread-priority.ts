import { readlinkSync } from "node:fs";
import { getPriority, setPriority } from "node:os";
import { basename } from "node:path";

const NICENESS_MAX = 19;

/**
 * From now on the thread that calls this gets a CPU after others that want it too: for work that may lag behind what
 * somebody waits for. Linux, where a priority is a thread's own (sched(7)); elsewhere, and where /proc is not mounted,
 * nothing changes.
 *
 * @param by What is added to its niceness, which is at most 19: with 5 it has about a third of the share of a thread
 *   without.
 */
export function lowerThreadPriority(by: number): void {
  if (process.platform !== "linux") return;
  try {
    const thread = Number(basename(readlinkSync("/proc/thread-self")));
    setPriority(thread, Math.min(NICENESS_MAX, getPriority(thread) + by));
  } catch {
    // Then it shares as before: nothing depends on it but how long others wait on a busy machine.
  }
}
