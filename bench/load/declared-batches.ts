import { makeUuidV7 } from "../../services/domain/identity.ts";
import { partitionOf } from "../../services/domain/partition.ts";
import { batchOf } from "./bodies.ts";
import { TimedBodies } from "./timed-bodies.ts";

/** A batch with the identities that its client declares. */
export interface DeclaredBatch {
  bytes: Buffer;
  /** Hexadecimal. */
  producer: string;
  firstSeq: number;
}

const PARTITIONS = 3; // Producers are spread over as many, in turn.

/** Makes batches of so many records of now without end, of several producers in turn; no identity comes twice. */
export class DeclaredBatches {
  private readonly bodies: TimedBodies;
  private readonly producers: { id: Uint8Array; hex: string }[];
  private readonly recordsPerBatch: number;
  private made = 0;

  constructor(recordsPerBatch: number, producers: number) {
    this.recordsPerBatch = recordsPerBatch;
    this.bodies = new TimedBodies(recordsPerBatch);
    this.producers = Array.from({ length: producers }, (_, index) => {
      const id = producerOn(index % PARTITIONS);
      return { id, hex: Buffer.from(id).toString("hex") };
    });
  }

  next(): DeclaredBatch {
    const index = this.made++;
    const { id, hex } = this.producers[index % this.producers.length]!;
    const firstSeq = Math.floor(index / this.producers.length) * this.recordsPerBatch;
    return { bytes: batchOf(id, firstSeq, this.bodies.at(index, Date.now())), producer: hex, firstSeq };
  }
}

function producerOn(partition: number): Uint8Array {
  for (;;) {
    const producer = makeUuidV7(Date.now(), crypto.getRandomValues(new Uint8Array(10)));
    if (partitionOf("default", producer, PARTITIONS) === partition) return producer;
  }
}
