import { table } from "../measure/report.ts";
import { type Spread, spread } from "../measure/spread.ts";
import type { Backlog } from "./backlog.ts";
import type { HalfLoad } from "./half-load.ts";
import type { StoreRound } from "./rounds.ts";

/** What the rounds of one side have in common. */
export interface StoreSide {
  recordsPerSecond: Spread;
  acknowledgedSeconds: Spread;
  elasticsearchSeconds: Spread;
  mysqlSeconds: Spread;
  /** By all processes but the sender; of the bare loader by all that there are. */
  recordsPerCpuSecond: Spread;
  /** By the processes that it consists of: ours, or the loader's. */
  recordsPerOwnCpuSecond: Spread;
  /** Microseconds of CPU for each record, by process. */
  cpuMicroseconds: Record<string, Spread>;
}

/** Both sides. */
export interface StoreSides {
  bareLoader: StoreSide;
  fullMode: StoreSide;
}

const OURS = /^(ingest|worker|query|stats)/;

/** What all rounds together say. */
export function sidesOf(floorRounds: readonly StoreRound[], ourRounds: readonly StoreRound[]): StoreSides {
  return {
    bareLoader: sideOf(floorRounds, /./, /^load$/),
    fullMode: sideOf(ourRounds, /^(?!load$)/, OURS),
  };
}

/** `all`, `own`: names of the processes whose CPU counts. */
function sideOf(rounds: readonly StoreRound[], all: RegExp, own: RegExp): StoreSide {
  const perCpuSecond = (names: RegExp) =>
    spread(rounds.map(({ cpuMicroseconds }) => 1e6 / sumOf(cpuMicroseconds, names)));
  const names = Object.keys(rounds[0]!.cpuMicroseconds);
  return {
    recordsPerSecond: spread(rounds.map((round) => round.recordsPerSecond)),
    acknowledgedSeconds: spread(
      rounds.map((round) => round.acknowledgedSeconds),
      2,
    ),
    elasticsearchSeconds: spread(
      rounds.map((round) => round.elasticsearchSeconds),
      2,
    ),
    mysqlSeconds: spread(
      rounds.map((round) => round.mysqlSeconds),
      2,
    ),
    recordsPerCpuSecond: perCpuSecond(all),
    recordsPerOwnCpuSecond: perCpuSecond(own),
    cpuMicroseconds: Object.fromEntries(
      names.map((name) => [
        name,
        spread(
          rounds.map(({ cpuMicroseconds }) => cpuMicroseconds[name]!),
          2,
        ),
      ]),
    ),
  };
}

function sumOf(cpuMicroseconds: Record<string, number>, names: RegExp): number {
  return Object.entries(cpuMicroseconds)
    .filter(([name]) => names.test(name))
    .reduce((sum, [, value]) => sum + value, 0);
}

/** What the tables show. */
export interface FullFindings extends StoreSides {
  halfLoad: HalfLoad | undefined;
  backlog: Backlog | undefined;
  memoryPeakMiB: { rounds: Record<string, number>; end: Record<string, number> };
  memoryMiBMax: { ingest: number; worker: number };
}

/** For people. */
export function tablesOf(findings: FullFindings): string[] {
  const { bareLoader, fullMode, halfLoad, backlog } = findings;
  return [
    storedTable(bareLoader, fullMode),
    cpuTable(bareLoader, fullMode),
    ...(halfLoad ? [halfLoadTable(halfLoad)] : []),
    ...(backlog ? [backlogTable(backlog)] : []),
    memoryTable(findings),
  ];
}

function storedTable(bareLoader: StoreSide, fullMode: StoreSide): string {
  const cell = ({ median, min, max }: Spread) => `${median} (${min} to ${max})`;
  const row = (name: string, side: StoreSide) => [
    name,
    cell(side.recordsPerSecond),
    cell(side.acknowledgedSeconds),
    cell(side.elasticsearchSeconds),
    cell(side.mysqlSeconds),
    cell(side.recordsPerOwnCpuSecond),
    cell(side.recordsPerCpuSecond),
  ];
  const head = ["", "stored once in both, per second", "acknowledged after s", "in Elasticsearch", "in MySQL"];
  return table(
    [...head, "per CPU-second of its own", "of everything"],
    [row("bare loader", bareLoader), row("full mode", fullMode)],
  );
}

function cpuTable(bareLoader: StoreSide, fullMode: StoreSide): string {
  const rows = Object.keys(fullMode.cpuMicroseconds).map((name) => [
    name,
    bareLoader.cpuMicroseconds[name]!.median,
    fullMode.cpuMicroseconds[name]!.median,
  ]);
  return table(["µs of CPU for each record", "bare loader", "full mode"], rows);
}

function halfLoadTable({ recordsPerSecond, calls, failedTries, ackMs, sentLateMs, freshnessMs }: HalfLoad): string {
  const head = [`ms at ${recordsPerSecond} records a second, ${failedTries} tries failed`, "p50", "p95", "p99", "max"];
  const row = (name: string, { p50, p95, p99, max }: HalfLoad["ackMs"]) => [name, p50, p95, p99, max];
  return table(head, [
    row(`acknowledged (${calls} calls, from when each was due)`, ackMs),
    row("sent late by the load itself", sentLateMs),
    row(`acknowledged to searchable (${freshnessMs.probes} probes)`, freshnessMs),
  ]);
}

function backlogTable({ records, caughtUp, serverCpuSeconds }: Backlog): string {
  const servers = Object.entries(serverCpuSeconds).map(([name, seconds]) => [name, "", "", "", seconds, ""]);
  const rows = caughtUp.map((one) => [
    one.worker,
    one.readySeconds,
    one.seconds,
    one.recordsPerSecond,
    one.cpuSeconds,
    one.memoryPeakMiB,
  ]);
  const head = [`backlog of ${records} records`, "ready after s", "caught up after s", "per second"];
  return table([...head, "CPU-seconds", "memory peak, MiB"], [...rows, ...servers]);
}

function memoryTable({ memoryPeakMiB, memoryMiBMax }: FullFindings): string {
  const rows = Object.entries(memoryPeakMiB.end).map(([name, end]) => {
    const peak = Math.max(end, memoryPeakMiB.rounds[name]!);
    const role = name.startsWith("ingest") ? "ingest" : name.startsWith("worker") ? "worker" : undefined;
    const bound = role && memoryMiBMax[role];
    return [name, memoryPeakMiB.rounds[name]!, peak, bound ? `${bound}: ${peak <= bound ? "met" : "NOT MET"}` : ""];
  });
  return table(["memory peak, MiB", "in the rounds", "in all", "target"], rows);
}
