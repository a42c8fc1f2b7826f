import { makeAssignedProducer } from "../domain/identity.ts";
import { SEQ_MAX } from "../domain/limits.ts";
import { partitionOf } from "../domain/partition.ts";
import type { Clock } from "../ports/clock.ts";

const RENEW_MS = 3_600_000;

/** An identity for a batch whose sender declared none. */
export interface AssignedIdentity {
  producerId: Uint8Array;
  firstSeq: number;
  partition: number;
}

interface Producer {
  id: Uint8Array;
  drawnMs: number;
  nextSeq: number;
}

/**
 * Identities for callers without one: one producer per tenant and partition of this process, renewed hourly so that its
 * day stays right. Batches go to the partitions in turn, so that the load spreads.
 *
 * An id that was given out stays valid for its call: renewing only draws a new one for later calls.
 */
export class AssignedProducers {
  private readonly producers = new Map<string, Producer>();
  private readonly partitions: number;
  private readonly clock: Clock;
  private readonly randomBytes: (count: number) => Uint8Array;
  private turn = 0;

  /** `randomBytes`: fresh randomness; ids of different processes must never meet. */
  constructor(partitions: number, clock: Clock, randomBytes: (count: number) => Uint8Array) {
    this.partitions = partitions;
    this.clock = clock;
    this.randomBytes = randomBytes;
  }

  /** Takes `recordCount` seqs of the next partition's producer. */
  take(tenant: string, recordCount: number): AssignedIdentity {
    const partition = this.turn++ % this.partitions;
    const producer = this.producerFor(tenant, partition, recordCount);
    const firstSeq = producer.nextSeq;
    producer.nextSeq += recordCount;
    return { producerId: producer.id, firstSeq, partition };
  }

  private producerFor(tenant: string, partition: number, recordCount: number): Producer {
    const key = `${partition}/${tenant}`;
    const known = this.producers.get(key);
    const nowMs = this.clock.nowMs();
    const fresh = known && Math.abs(nowMs - known.drawnMs) < RENEW_MS && known.nextSeq + recordCount <= SEQ_MAX;
    if (fresh) return known;
    const drawn = { id: this.draw(tenant, partition, nowMs), drawnMs: nowMs, nextSeq: 0 };
    this.producers.set(key, drawn);
    return drawn;
  }

  /** Draws until the id's hash falls on the partition: as many tries as there are partitions, on average. */
  private draw(tenant: string, partition: number, nowMs: number): Uint8Array {
    for (;;) {
      const id = makeAssignedProducer(nowMs, this.randomBytes(10));
      if (partitionOf(tenant, id, this.partitions) === partition) return id;
    }
  }
}
