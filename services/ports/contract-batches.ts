import { randomUUID } from "node:crypto";
import type { LoggedBatch } from "../domain/logged-batch.ts";
import { nanosToTimestamp } from "../domain/record-time.ts";
import { type BatchToBuild, buildLoggedBatch, newProducer, type RecordToBuild } from "./build-logged-batch.ts";
import type { DeadLetters } from "./dead-letters.ts";
import type { LogSink, StoreCounts } from "./log-sink.ts";

type HttpToBuild = NonNullable<RecordToBuild["http"]>;

/** No two tests share a tenant, so they can share a store. */
export function newTenant(): string {
  return `tenant-${randomUUID()}`;
}

/** A record of a request at that time. */
export function request(timeNanos: bigint, http: Omit<HttpToBuild, "$typeName">): RecordToBuild {
  return { service: "contract", message: "request", time: nanosToTimestamp(timeNanos), http };
}

/** For tests in which a dead letter is a mistake. */
export const noDeadLetters: DeadLetters = {
  keep: ([first]) => Promise.reject(new Error(`refused: ${first?.id} ${first?.reason} ${first?.detail}`)),
};

/** Stores one batch, of a new producer unless given, and says what became of it. */
export async function storeOne(
  sink: LogSink,
  batch: Omit<BatchToBuild, "producer"> & { producer?: string },
): Promise<{ batch: LoggedBatch; counts: StoreCounts }> {
  const logged = buildLoggedBatch({ producer: newProducer(), ...batch });
  return { batch: logged, counts: await sink.store([logged], noDeadLetters, AbortSignal.timeout(60_000)) };
}
