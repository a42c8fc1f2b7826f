import { randomUUID } from "node:crypto";
import type { DeadLetter } from "../../gen/logpulse/v1/dead_letter_pb.ts";
import { identityText } from "../domain/identity.ts";
import type { LoggedBatch } from "../domain/logged-batch.ts";
import { nanosToTimestamp } from "../domain/record-time.ts";
import { type BatchToBuild, buildLoggedBatch, newProducer, type RecordToBuild } from "./build-logged-batch.ts";
import type { DeadLetters } from "./dead-letters.ts";
import { type LogSink, NO_COUNTS, type StoreCounts } from "./log-sink.ts";

type HttpToBuild = NonNullable<RecordToBuild["http"]>;

/** No two tests share a tenant, so they can share a store. */
export function newTenant(): string {
  return `tenant-${randomUUID()}`;
}

/** A tenant and a producer of its own. */
export function newIdentity(): { tenant: string; producer: string } {
  return { tenant: newTenant(), producer: newProducer() };
}

/** A new producer of that day since 1970. */
export function producerOfDay(day: number): string {
  return newProducer(day * 86_400_000 + 43_200_000);
}

/** Records that say their number, from `first` on: the same number, the same record. */
export function messages(count: number, first = 0): RecordToBuild[] {
  return Array.from({ length: count }, (_, index) => ({ service: "contract", message: `message ${first + index}` }));
}

/** The identities of a producer's records, in the order of their text. */
export function idsOf(producer: string, firstSeq: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => identityText(producer, firstSeq + index)).sort();
}

/** Counts of which the others are 0. */
export function counts(some: Partial<StoreCounts>): StoreCounts {
  return { ...NO_COUNTS, ...some };
}

/** A record of a request at that time. */
export function request(timeNanos: bigint, http: Omit<HttpToBuild, "$typeName">): RecordToBuild {
  return { service: "contract", message: "request", time: nanosToTimestamp(timeNanos), http };
}

/** For tests in which a dead letter is a mistake. */
export const noDeadLetters: DeadLetters = {
  keep: ([first]) => Promise.reject(new Error(`refused: ${first?.id} ${first?.reason} ${first?.detail}`)),
};

/** Keeps dead letters where a test can see them. */
export class KeptLetters implements DeadLetters {
  readonly letters: DeadLetter[] = [];

  async keep(letters: readonly DeadLetter[]): Promise<void> {
    this.letters.push(...letters);
  }

  /** Without repeats: keeping a letter twice is harmless. */
  ids(): string[] {
    return [...new Set(this.letters.map(({ id }) => id))].sort();
  }
}

/** Stores one batch, of a new producer unless given, and says what became of it. */
export async function storeOne(
  sink: LogSink,
  batch: Omit<BatchToBuild, "producer"> & { producer?: string },
): Promise<{ batch: LoggedBatch; counts: StoreCounts }> {
  const logged = buildLoggedBatch({ producer: newProducer(), ...batch });
  return { batch: logged, counts: await sink.store([logged], noDeadLetters, AbortSignal.timeout(60_000)) };
}
