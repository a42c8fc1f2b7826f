import { join } from "node:path";
import { runScript } from "../measure/child.ts";
import { type Quantiles, quantiles } from "../measure/spread.ts";
import { freshnessMs } from "./freshness.ts";
import type { FullUnderTest } from "./full-under-test.ts";
import { type KeptOnce, keptOnce } from "./kept-once.ts";
import type { OpenLoad, OpenLoadResult } from "./open-load.ts";
import type { StoredRecords } from "./stored-records.ts";

const LOAD = join(import.meta.dirname, "open-load.ts");

/** How long callers wait at a rate that the stores keep up with. */
export interface HalfLoad extends Omit<OpenLoad, "address">, Omit<OpenLoadResult, "producers" | "recordsPerProducer"> {
  /** From an acknowledgement to the first search that finds the record. */
  freshnessMs: Quantiles & { probes: number };
  kept: KeptOnce;
}

/**
 * Calls of Write at fixed moments through Envoy, and searches for probes meanwhile. First `warmUpSeconds` of the same:
 * until Elasticsearch's compiler has seen records, refreshes and searches side by side, it takes a third of a core.
 */
export async function halfLoadOf(
  load: Omit<OpenLoad, "address">,
  warmUpSeconds: number,
  full: FullUnderTest,
  stored: StoredRecords,
): Promise<HalfLoad> {
  const writtenBefore = await stored.documentsWritten();
  const warmUp = warmUpSeconds > 0 ? await probed({ ...load, seconds: warmUpSeconds }, full) : undefined;
  const measured = await probed(load, full);
  const { producers, recordsPerProducer, ...result } = measured.result;
  for (const one of [warmUp, measured]) if (one) await stored.untilSettled(one.result);
  await stored.untilWritten(writtenBefore + recordsOf(measured) + (warmUp ? recordsOf(warmUp) : 0));
  if (warmUp) await keptOnce(stored, warmUp.result);
  return {
    ...load,
    ...result,
    freshnessMs: { probes: measured.freshMs.length, ...quantiles(measured.freshMs) },
    kept: await keptOnce(stored, { producers, recordsPerProducer }),
  };
}

interface Probed {
  result: OpenLoadResult;
  freshMs: number[];
}

async function probed(load: Omit<OpenLoad, "address">, full: FullUnderTest): Promise<Probed> {
  const over = new AbortController();
  const probing = freshnessMs(`http://${full.door}`, over.signal);
  const loading = runScript<OpenLoadResult>(LOAD, { ...load, address: full.door }).finally(() => over.abort());
  const [freshMs, result] = await Promise.all([probing, loading]);
  return { result, freshMs };
}

/** The probes too. */
function recordsOf({ result: { producers, recordsPerProducer }, freshMs }: Probed): number {
  return producers.length * recordsPerProducer + freshMs.length;
}
