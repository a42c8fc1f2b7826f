import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RealServers } from "../../tests/real-servers.ts";
import { type CheckResult, resultLine } from "../checker/check-result.ts";
import { Ledger } from "../ledger/ledger.ts";
import { SeededRandom } from "../ledger/seeded-random.ts";
import type { Fault, OpenFault } from "./fault.ts";
import { FaultRun } from "./fault-run.ts";
import type { Recovery } from "./recovery.ts";

/** What one run of a fault has come to. */
export interface FaultResult {
  fault: string;
  summary: string;
  ok: boolean;
  /** Why it failed: the checker's problems and the fault's own. */
  problems: string[];
  seed: number;
  seconds: number;
  recovery: Recovery;
  /** In MiB, by kind of process. */
  peakMemoryMiB: Record<string, number>;
  /** What the fault did. */
  notes: Record<string, number | string>;
  check: CheckResult;
}

/** How a run is made. */
export interface RunSettings {
  /** Distinct records. */
  records: number;
  /** From 0 to 2^32-1. */
  seed: number;
  /** How often the fault is to happen, where it can happen more than once. */
  times: number;
  tell(sentence: string): void;
}

/**
 * Starts LogPulse under fresh names, lets the fault happen under load, waits until everything is stored, checks, and takes
 * everything away again.
 *
 * `shared`: the servers that the fault does not bring.
 *
 * @throws Error where the run itself could not be made: a process did not start, the load or the stores did not come to an end.
 */
export async function runFault(
  fault: Fault,
  shared: Partial<RealServers>,
  settings: RunSettings,
): Promise<FaultResult> {
  const { seed, times, tell } = settings;
  const beganMs = performance.now();
  const directory = mkdtempSync(join(tmpdir(), `logpulse-fault-${fault.name}-`));
  tell(`${fault.name}: seed ${seed}, ${settings.records} records, ${times} times`);
  let open: OpenFault | undefined;
  let run: FaultRun | undefined;
  const takeAway = async () => {
    try {
      await run?.stop();
    } finally {
      await open?.close?.();
      rmSync(directory, { recursive: true, force: true });
    }
  };
  let result: FaultResult;
  try {
    open = await fault.open({ servers: shared, random: new SeededRandom(seed, 3), directory, times });
    const servers = { ...shared, ...open.servers } as RealServers;
    const ledger = new Ledger(join(directory, "ledger.jsonl"), { name: fault.name, seed, baseMs: Date.now() });
    run = await FaultRun.start({ fault, open, servers, ledger, settings });
    const outcome = await run.happen();
    const seconds = Math.round((performance.now() - beganMs) / 100) / 10;
    tell(`${resultLine(outcome.check)} (${seconds} s)`);
    for (const sample of outcome.check.samples) tell(`  ${sample}`);
    const { name, summary } = fault;
    const ok = outcome.problems.length === 0;
    result = { fault: name, summary, ok, seed, seconds, notes: open.notes?.() ?? {}, ...outcome };
  } catch (reason) {
    // The reason is what is wanted; what does not end after it is ended with this process.
    await takeAway().catch((further: unknown) => tell(`could not take everything away: ${further}`));
    throw reason;
  }
  await takeAway();
  return result;
}
