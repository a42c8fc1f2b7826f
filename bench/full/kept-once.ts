import { type Identities, type Ledger, ledgerOf, requireKeptOnce } from "../measure/identities.ts";
import type { Sent, StoredRecords } from "./stored-records.ts";

/** What became of acknowledged records in each store. */
export interface KeptOnce {
  elasticsearch: Ledger;
  mysql: Ledger;
}

/** Reads the identities of these producers from both stores. @throws Error where one is lost or stands there twice. */
export async function keptOnce(stored: StoredRecords, { producers, recordsPerProducer }: Sent): Promise<KeptOnce> {
  const acknowledged: Identities = Object.fromEntries(
    producers.map((producer) => [producer, [[0, recordsPerProducer - 1] as const]]),
  );
  return {
    elasticsearch: requireKeptOnce(ledgerOf(acknowledged, await stored.inElasticsearch(producers))),
    mysql: requireKeptOnce(ledgerOf(acknowledged, await stored.inMysql(producers))),
  };
}
