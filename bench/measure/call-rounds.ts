import type { Installation } from "../installations/installation.ts";
import { table } from "./report.ts";
import { type Quantiles, spread } from "./spread.ts";

/** What one round of calls cost. */
export interface CallRound {
  callsPerCpuSecond: number;
  callsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Of each part that a call passes. */
  cpuMicrosecondsPerCall: Record<string, number>;
}

/** What a load tells of its calls. */
export interface CallsMade {
  calls: number;
  wallSeconds: number;
  answeredMs: Quantiles;
}

/** Runs a load and counts meanwhile what `cpuSeconds` tells of each part. */
export async function countedRound<Made extends CallsMade>(
  cpuSeconds: Installation["cpuSeconds"],
  load: () => Promise<Made>,
): Promise<{ made: Made; round: CallRound }> {
  const before = cpuSeconds();
  const made = await load();
  const used = Object.entries(cpuSeconds()).map(([part, seconds]) => [part, seconds - before[part]!] as const);
  const usedByAll = used.reduce((sum, [, seconds]) => sum + seconds, 0);
  const round: CallRound = {
    callsPerCpuSecond: Math.round(made.calls / usedByAll),
    callsPerSecond: Math.round(made.calls / made.wallSeconds),
    p50Ms: made.answeredMs.p50,
    p99Ms: made.answeredMs.p99,
    cpuMicrosecondsPerCall: Object.fromEntries(
      used.map(([part, seconds]) => [part, Number(((1e6 * seconds) / made.calls).toFixed(1))]),
    ),
  };
  return { made, round };
}

/** Some rounds of one side. */
export function summaryOf(rounds: readonly CallRound[]) {
  const of = (value: (round: CallRound) => number, digits = 0) => spread(rounds.map(value), digits);
  const processes = Object.keys(rounds[0]!.cpuMicrosecondsPerCall);
  return {
    callsPerCpuSecond: of(({ callsPerCpuSecond }) => callsPerCpuSecond),
    callsPerSecond: of(({ callsPerSecond }) => callsPerSecond),
    p50Ms: of(({ p50Ms }) => p50Ms, 2),
    p99Ms: of(({ p99Ms }) => p99Ms, 2),
    cpuMicrosecondsPerCall: Object.fromEntries(
      processes.map((process) => [process, of((round) => round.cpuMicrosecondsPerCall[process]!, 1)]),
    ),
  };
}

/** All sides for people; `what` was called. */
export function callTable(what: string, found: ReadonlyMap<string, CallRound[]>): string {
  const rows = [...found].map(([name, rounds]) => {
    const { callsPerCpuSecond, callsPerSecond, p50Ms, p99Ms, cpuMicrosecondsPerCall } = summaryOf(rounds);
    const cpu = Object.entries(cpuMicrosecondsPerCall).map(([process, { median }]) => `${process} ${median}`);
    const perCpu = `${callsPerCpuSecond.median} (${callsPerCpuSecond.min} to ${callsPerCpuSecond.max})`;
    return [name, perCpu, callsPerSecond.median, `${p50Ms.median} / ${p99Ms.median}`, cpu.join(", ")];
  });
  return table([what, "calls per CPU-second", "calls per second", "p50 / p99, ms", "CPU of a call, µs"], rows);
}
