import { readdirSync, readFileSync } from "node:fs";

const TICKS_PER_SECOND = 100; // CLK_TCK of Linux on every architecture that Node runs on.

/** What the operating system knows of a process: proc(5). Linux. */
export class ProcessFigures {
  readonly pid: number;

  constructor(pid: number) {
    this.pid = pid;
  }

  /** User and system seconds so far, of all threads, those that have ended too; steps of 10 ms. */
  cpuSeconds(): number {
    return secondsOf(`/proc/${this.pid}/stat`);
  }

  /** The same of its living threads whose name matches. */
  cpuSecondsOfThreads(name: RegExp): number {
    const threads = `/proc/${this.pid}/task`;
    return readdirSync(threads)
      .filter((thread) => name.test(readFileSync(`${threads}/${thread}/comm`, "utf8")))
      .reduce((seconds, thread) => seconds + secondsOf(`${threads}/${thread}/stat`), 0);
  }

  /** Memory that it holds now, in MiB. */
  memoryMiB(): number {
    return this.statusMiB("VmRSS");
  }

  /** The most that it has held since its start, in MiB. */
  memoryPeakMiB(): number {
    return this.statusMiB("VmHWM");
  }

  private statusMiB(field: string): number {
    const [, kiB] = new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${this.pid}/status`, "utf8"))!;
    return Number(kiB) / 1_024;
  }
}

function secondsOf(statFile: string): number {
  return processTimes(statFile).cpuSeconds;
}

/** What /proc/…/stat tells of a process or thread. */
export interface ProcessTimes {
  /** Its process group. */
  group: number;
  cpuSeconds: number;
  /** Of its children that have ended and that it has waited for. */
  childrenCpuSeconds: number;
}

/**
 * Counted from the process's id, pgrp is field 5, utime, stime, cutime and cstime are 14 to 17; its name may have blanks.
 *
 * @throws Error where there is no such process any more.
 */
export function processTimes(statFile: string): ProcessTimes {
  const fields = readFileSync(statFile, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ")
    .map(Number);
  const seconds = (first: number) => (fields[first - 3]! + fields[first - 2]!) / TICKS_PER_SECOND;
  return { group: fields[2]!, cpuSeconds: seconds(14), childrenCpuSeconds: seconds(16) };
}
