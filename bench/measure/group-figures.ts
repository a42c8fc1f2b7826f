import { readdirSync } from "node:fs";
import { processTimes } from "./process-figures.ts";

/**
 * CPU seconds so far of every process group of the machine, of the processes in it that live. A server's group has the
 * number of its first process: Elasticsearch's, for one, only launches the one that stores. Linux; steps of 10 ms.
 */
export function cpuSecondsByGroup(): Map<number, number> {
  const seconds = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    const times = /^\d+$/.test(name) ? timesOrNone(name) : undefined;
    if (times) seconds.set(times.group, (seconds.get(times.group) ?? 0) + times.cpuSeconds);
  }
  return seconds;
}

/** CPU seconds of the children of this process that have ended. */
export function endedChildrenCpuSeconds(): number {
  return processTimes("/proc/self/stat").childrenCpuSeconds;
}

/** Undefined where the process has ended since the list was read. */
function timesOrNone(pid: string): ReturnType<typeof processTimes> | undefined {
  try {
    return processTimes(`/proc/${pid}/stat`);
  } catch {
    return undefined;
  }
}
