import { LogPulseError } from "../domain/errors.ts";
import type { RejectKind } from "../domain/reject-kind.ts";
import type { WalkedReject } from "./walk-batch.ts";

/**
 * What ingest has counted since it started: everything that arrived is in one of these. Once nothing is in flight, the
 * records received are those acknowledged, rejected and refused.
 */
export interface IngestTotals {
  /** Records (and lines) that came in, as far as they could be counted. */
  receivedRecords: number;
  /** Records acknowledged. */
  acceptedRecords: number;
  /** Records rejected for ever, by field ("" is the record as a whole). */
  rejectedRecords: Record<string, number>;
  /** The same, told apart by what was wrong with the field too. */
  rejects: readonly RejectCount[];
  /** Batches refused as a whole, by error kind. */
  refusedBatches: Record<string, number>;
  /** Records in refused batches, as far as they were counted before the refusal. */
  refusedRecords: number;
}

/** Records that were rejected for the same. */
export interface RejectCount {
  field: string;
  kind: RejectKind;
  count: number;
}

/** What waits in ingest now. */
export interface IngestQueues {
  /** Batches that wait for the log, or are on their way into it, and their bytes. */
  batches: number;
  bytes: number;
  /** Senders of `Stream` with batches that wait for their limit. */
  sendersWaiting: number;
}

/** Nothing is dropped without a count and a reason: the counts of one ingest process. */
export class IngestCounts {
  private receivedRecords = 0;
  private acceptedRecords = 0;
  private refusedRecords = 0;
  private readonly rejects = new Map<string, RejectCount>();
  private readonly refusedBatches = new Map<string, number>();
  private readQueues: () => IngestQueues = () => ({ batches: 0, bytes: 0, sendersWaiting: 0 });

  /** What waits now. */
  get queues(): IngestQueues {
    return this.readQueues();
  }

  /** Says where that can be read. */
  queuesAre(read: () => IngestQueues): void {
    this.readQueues = read;
  }

  /** Records came in. */
  received(recordCount: number): void {
    this.receivedRecords += recordCount;
  }

  /** A batch was acknowledged. */
  kept(recordCount: number, rejects: readonly WalkedReject[]): void {
    this.acceptedRecords += recordCount - rejects.length;
    this.rejected(rejects);
  }

  /** Records or lines were rejected for ever. `kind`: malformed unless told. */
  rejected(rejects: readonly { field: string; kind?: RejectKind }[]): void {
    for (const { field, kind = "malformed" } of rejects) {
      const key = `${kind} ${field}`;
      const known = this.rejects.get(key);
      if (known) known.count += 1;
      else this.rejects.set(key, { field, kind, count: 1 });
    }
  }

  /** A batch was refused as a whole. */
  refused(reason: unknown, recordCount: number): void {
    raise(this.refusedBatches, reason instanceof LogPulseError ? reason.kind : "bug");
    this.refusedRecords += recordCount;
  }

  /** A copy of all counts. */
  totals(): IngestTotals {
    return {
      receivedRecords: this.receivedRecords,
      acceptedRecords: this.acceptedRecords,
      rejectedRecords: this.rejectedByField(),
      rejects: [...this.rejects.values()].map((reject) => ({ ...reject })),
      refusedBatches: Object.fromEntries(this.refusedBatches),
      refusedRecords: this.refusedRecords,
    };
  }

  private rejectedByField(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { field, count } of this.rejects.values()) counts[field] = (counts[field] ?? 0) + count;
    return counts;
  }
}

function raise(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
