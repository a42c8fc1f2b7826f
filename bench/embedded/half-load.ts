import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startEmbedded } from "../installations/embedded.ts";
import type { OpenLoad, OpenLoadResult } from "../load/open-load.ts";
import { runScript } from "../measure/child.ts";
import { type Ledger, ledgerOf, requireKeptOnce } from "../measure/identities.ts";
import { type Quantiles, quantiles } from "../measure/spread.ts";
import { freshnessMs } from "./freshness.ts";

const LOAD = join(import.meta.dirname, "..", "load", "open-load.ts");
const CONNECTIONS = 16;

/** What an open loop at half of what is stored showed. */
export interface HalfLoad {
  recordsPerSecond: number;
  calls: number;
  failed: number;
  ackMs: Quantiles;
  sentLateMs: Quantiles;
  freshnessMs: Quantiles & { probes: number };
  memoryPeakMiB: number;
  kept: Ledger;
}

/** What to send, to a server of its own. */
export interface HalfLoadToSend {
  recordsPerSecond: number;
  recordsPerBatch: number;
  /** Of the same, before what is measured. */
  warmUpSeconds: number;
  seconds: number;
}

/**
 * Calls at moments fixed beforehand, and probes that are searched for meanwhile.
 *
 * @throws Error: an acknowledged record is not stored, or twice.
 */
export async function measureHalfLoad(load: HalfLoadToSend): Promise<HalfLoad> {
  const { recordsPerSecond, recordsPerBatch, warmUpSeconds, seconds } = load;
  const { installations, stop } = await startEmbedded();
  const [server] = installations;
  const { address, processes } = server!;
  try {
    const over = new AbortController();
    const calls: OpenLoad = {
      address,
      connections: CONNECTIONS,
      recordsPerCall: recordsPerBatch,
      callsPerSecond: recordsPerSecond / recordsPerBatch,
      warmUpSeconds,
      seconds,
      seed: 1,
      patientClients: 0,
    };
    const probing = sleep(1_000 * warmUpSeconds, undefined, { signal: over.signal })
      .catch(() => {}) // The load has failed before.
      .then(() => freshnessMs(address, over.signal));
    const loading = runScript<OpenLoadResult>(LOAD, calls).finally(() => over.abort());
    const [freshMs, result] = await Promise.all([probing, loading]);
    return {
      recordsPerSecond,
      calls: result.offered,
      failed: result.offered - result.acknowledgedCalls,
      ackMs: result.acknowledgedMs,
      sentLateMs: result.sentLateMs,
      freshnessMs: { probes: freshMs.length, ...quantiles(freshMs) },
      memoryPeakMiB: Math.round(processes[0]!.memoryPeakMiB()),
      kept: requireKeptOnce(ledgerOf(result.acknowledged, await server!.kept())),
    };
  } finally {
    await stop();
  }
}
