import { setTimeout as sleep } from "node:timers/promises";
import { addBatch, type Identities } from "../measure/identities.ts";
import type { DeclaredBatches } from "./declared-batches.ts";
import type { CallOutcome } from "./grpc-connection.ts";

/** What became of the batches of clients that wait as they are told. */
export interface PatientResult {
  /** Batches that were acknowledged in the end. */
  succeeded: number;
  /** Those that were not, when the time was over or after TRIES_MAX tries. */
  gaveUp: number;
  refusals: number;
  /** Refusals that told no wait: the client took 1 s. */
  refusalsWithoutWait: number;
  /** The most tries that one batch took. */
  triesMax: number;
}

const TRIES_MAX = 50;
const UNTOLD_WAIT_MS = 1_000;

/**
 * Sends one batch after the other until `endMs` of performance.now(): a batch that is refused is sent again after the wait
 * that was told. Adds what was acknowledged to `acknowledged`, and what became of it to `result`.
 */
export async function patientClient(
  call: (bytes: Buffer) => Promise<CallOutcome>,
  batches: DeclaredBatches,
  recordsPerBatch: number,
  endMs: number,
  acknowledged: Identities,
  result: PatientResult,
): Promise<void> {
  while (performance.now() < endMs) {
    const { bytes, producer, firstSeq } = batches.next();
    let tries = 1;
    let outcome = await call(bytes);
    for (; outcome.code !== 0 && tries < TRIES_MAX && performance.now() < endMs; tries++) {
      result.refusals++;
      if (outcome.retryAfterMs === undefined) result.refusalsWithoutWait++;
      await sleep(outcome.retryAfterMs ?? UNTOLD_WAIT_MS);
      outcome = await call(bytes);
    }
    result.triesMax = Math.max(result.triesMax, tries);
    if (outcome.code === 0) {
      result.succeeded++;
      addBatch(acknowledged, producer, firstSeq, recordsPerBatch);
    } else result.gaveUp++;
  }
}
