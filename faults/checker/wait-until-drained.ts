import { setTimeout as sleep } from "node:timers/promises";
import { lagOf, lagOfLetterTable, type RunPlaces } from "./check-run.ts";
import { KafkaLog } from "./kafka-log.ts";
import { FULL_MODE_STORES, type StoreName } from "./stored-copy.ts";

const ASK_EVERY_MS = 250;

/** What is waited for. */
export interface Draining {
  /** Default: both. */
  stores?: readonly StoreName[];
  /** True where a process fills the table of dead letters. */
  letterTable?: boolean;
  msMax: number;
}

/**
 * Resolves when the workers of all these stores have committed everything that stands in the topic, as seen twice in a row,
 * and the dead letters that they wrote are in the table.
 *
 * @throws Error naming what is left after `msMax`.
 */
export async function waitUntilDrained(places: RunPlaces, draining: Draining): Promise<void> {
  const { stores = FULL_MODE_STORES, letterTable = false, msMax } = draining;
  const endMs = performance.now() + msMax;
  const kafka = new KafkaLog(places.kafkaBrokers);
  let last = "no answer from Kafka";
  try {
    for (let drained = 0; drained < 2; ) {
      if (performance.now() > endMs) throw new Error(`not drained within ${msMax} ms: ${last}`);
      try {
        const lags = await Promise.all(stores.map((store) => lagOf(kafka, places.topicPrefix, store)));
        if (letterTable) lags.push(await lagOfLetterTable(kafka, places.topicPrefix));
        drained = lags.every((lag) => lag === 0) ? drained + 1 : 0;
        last = [...stores, "dead letters"]
          .map((name, index) => `${name} lacks ${lags[index] ?? 0} messages`)
          .join(", ");
      } catch (reason) {
        drained = 0;
        last = String(reason); // Kafka may be away for a while: that is what some runs are about.
      }
      await sleep(ASK_EVERY_MS);
    }
  } finally {
    await kafka.close();
  }
}
