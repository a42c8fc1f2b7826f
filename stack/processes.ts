import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { waitUntil } from "./wait.ts";

/** A process that cannot be mistaken for a later one that was given the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, as the system tells it: on Linux the boot and the clock ticks since then. Compared, never read. */
  readonly startedAt: string;
}

/** Who has this number now; undefined when nobody has, or when it has ended and only waits to be collected. */
export function identify(pid: number): ProcessIdentity | undefined {
  const startedAt = process.platform === "linux" ? startOnLinux(pid) : startByPs(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/** Whether the very process that was identified is still running. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startedAt === identity.startedAt;
}

/** Sends a signal to every process of a group; a group that has gone is not an error. */
export function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/**
 * Ends a process group: SIGTERM to its leader, which knows how to end its children; SIGKILL to whoever of the group is left
 * when the leader has ended, or after `graceMs` (at once when it is 0). Resolves when none of the group runs any more.
 *
 * @returns whether the leader ended by itself within the grace.
 * @throws Error when the group outlives SIGKILL by 10 s.
 */
export async function endGroup(leader: number, graceMs: number): Promise<boolean> {
  let byItself = false;
  if (graceMs > 0) {
    signalGroup(leader, "SIGCONT"); // A process that a fault test has stopped cannot see SIGTERM.
    signalOne(leader, "SIGTERM");
    byItself = await waitUntil(() => identify(leader) === undefined, graceMs);
  }
  signalGroup(leader, "SIGKILL");
  if (await waitUntil(() => !groupRuns(leader), KILL_MS_MAX)) return byItself;
  throw new Error(`process group ${leader} still runs ${KILL_MS_MAX} ms after SIGKILL`);
}

const KILL_MS_MAX = 10_000;

function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Zombies do not count: in a container nobody may ever collect them, and they hold neither port nor file. */
function groupRuns(leader: number): boolean {
  if (process.platform === "linux") {
    return readdirSync("/proc").some((name) => {
      const fields = /^\d+$/.test(name) ? statFields(Number(name)) : undefined;
      return fields !== undefined && Number(fields.group) === leader && fields.state !== "Z";
    });
  }
  try {
    process.kill(-leader, 0);
    return true;
  } catch {
    return false;
  }
}

function startOnLinux(pid: number): string | undefined {
  const fields = statFields(pid);
  if (fields === undefined || fields.state === "Z") return undefined;
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return `${boot}/${fields.startTicks}`;
}

/** /proc/PID/stat: the name in parentheses may hold anything, so the fields are counted from its last parenthesis. */
function statFields(pid: number): { state: string; group: string; startTicks: string } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined; // It has ended.
  }
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0]!, group: fields[2]!, startTicks: fields[19]! };
}

function startByPs(pid: number): string | undefined {
  try {
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim() || undefined;
  } catch {
    return undefined; // ps exits with 1 when there is no such process.
  }
}
