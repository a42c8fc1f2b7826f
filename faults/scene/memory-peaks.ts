import { readFileSync } from "node:fs";
import type { RunningServer } from "../../stack/server-process.ts";

const LOOK_EVERY_MS = 250;

/** The most memory that the processes of each kind ever had in RAM, restarts included. Linux only. */
export class MemoryPeaks {
  /** In bytes, by the name without its number: ingest, worker-mysql, … */
  readonly peaks = new Map<string, number>();
  private readonly roles: () => Iterable<Pick<RunningServer, "name" | "pid">>;
  private readonly timer: NodeJS.Timeout;

  constructor(roles: () => Iterable<Pick<RunningServer, "name" | "pid">>) {
    this.roles = roles;
    this.timer = setInterval(() => this.look(), LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    for (const { name, pid } of this.roles()) {
      const kind = name.replace(/-\d+$/, "");
      this.peaks.set(kind, Math.max(this.peaks.get(kind) ?? 0, peakBytes(pid)));
    }
  }
}

/** VmHWM of /proc/PID/status: the process's own peak, so nothing between two looks is missed but for its last moments. */
function peakBytes(pid: number): number {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return 1_024 * Number(kibibytes ?? 0);
  } catch {
    return 0; // It has been killed.
  }
}
