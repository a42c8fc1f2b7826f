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
  if (warmUpSeconds > 0) await measured({ ...load, seconds: warmUpSeconds }, full, stored);
  return measured(load, full, stored);
}

async function measured(
  load: Omit<OpenLoad, "address">,
  full: FullUnderTest,
  stored: StoredRecords,
): Promise<HalfLoad> {
  const writtenBefore = await stored.documentsWritten();
  const over = new AbortController();
  const probing = freshnessMs(`http://${full.door}`, over.signal);
  const loading = runScript<OpenLoadResult>(LOAD, { ...load, address: full.door }).finally(() => over.abort());
  const [freshMs, { producers, recordsPerProducer, ...result }] = await Promise.all([probing, loading]);
  const sent = { producers, recordsPerProducer };
  await stored.untilSettled(sent);
  await stored.untilWritten(writtenBefore + producers.length * recordsPerProducer + freshMs.length);
  return {
    ...load,
    ...result,
    freshnessMs: { probes: freshMs.length, ...quantiles(freshMs) },
    kept: await keptOnce(stored, sent),
  };
}
