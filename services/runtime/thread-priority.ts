import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";
import { basename } from "node:path";

/**
 * From now on the thread that calls this gets a CPU after others that want it too: for work that may lag behind what
 * somebody waits for. Linux, where a priority is a thread's own (sched(7)); elsewhere, and where /proc is not mounted,
 * nothing changes.
 *
 * @param niceness 1 to 19: with 10 it has about a ninth of the share of a thread without.
 */
export function lowerThreadPriority(niceness: number): void {
  if (process.platform !== "linux") return;
  try {
    setPriority(Number(basename(readlinkSync("/proc/thread-self"))), niceness);
  } catch {
    // Then it shares as before: nothing depends on it but how long others wait on a busy machine.
  }
}
