import type { LoggedBatch, LoggedRecord } from "./logged-batch.ts";
import { NumberReader, NumberWriter } from "./variable-length-number.ts";

const FORMAT = 1;

/**
 * The seqs of one producer that are settled in a store (stored, dropped by rule, rejected, dead-lettered), as ranges.
 *
 * A set and not a high-water mark: a batch whose append failed may be overtaken by later ones of its producer, and must
 * still count when it comes. Producers usually count upwards, so there is one range; the set is bounded by closing the
 * lowest gaps (`closeGaps`).
 */
export class SettledRanges {
  /** First and last seq of each range, both included, ascending; neighbouring ranges are joined. */
  private edges: number[] = [];
  /** Every seq from 0 to here counts as settled although it may never have come; -1 where no gap was closed. */
  private closedTo = -1;
  private seqsClosed = 0;

  /** How many ranges there are. */
  get count(): number {
    return this.edges.length / 2;
  }

  /** How many seqs were in gaps when those were closed. */
  get closedSeqs(): number {
    return this.seqsClosed;
  }

  contains(seq: number): boolean {
    const at = this.rangeEndingAtOrAfter(seq);
    return at < this.edges.length && this.edges[at]! <= seq;
  }

  /** True where the seq is settled but may lie in a gap that was closed: only a stored row tells whether it ever came. */
  mayBeInClosedGap(seq: number): boolean {
    return seq <= this.closedTo && this.contains(seq);
  }

  /** Settles every seq from `first` to `last`, both included. */
  add(first: number, last: number): void {
    const edges = this.edges;
    const from = this.rangeEndingAtOrAfter(first - 1); // A range that ends right before `first` is joined.
    const start = Math.min(first, edges[from] ?? first);
    let end = last;
    let to = from;
    for (; to < edges.length && edges[to]! <= last + 1; to += 2) end = Math.max(end, edges[to + 1]!);
    edges.splice(from, to - from, start, end);
  }

  /**
   * Closes the lowest gaps until at most `rangesMax` ranges are left. What comes later for a closed gap is not stored:
   * see `mayBeInClosedGap`.
   */
  closeGaps(rangesMax: number): void {
    const tooMany = this.count - rangesMax;
    if (tooMany <= 0) return;
    const edges = this.edges;
    for (let gap = 0; gap < tooMany; gap++) this.seqsClosed += edges[2 * gap + 2]! - edges[2 * gap + 1]! - 1;
    // Never backwards: what came later for a low seq may close gaps below those that are closed already.
    this.closedTo = Math.max(this.closedTo, edges[2 * tooMany]! - 1);
    edges.splice(1, 2 * tooMany);
  }

  /** The same seqs, to be changed apart. */
  copy(): SettledRanges {
    const same = new SettledRanges();
    same.edges = [...this.edges];
    same.closedTo = this.closedTo;
    same.seqsClosed = this.seqsClosed;
    return same;
  }

  /** At most 8 bytes for each edge: the distances between edges, each as a variable-length number. */
  encode(): Uint8Array {
    const writer = new NumberWriter();
    writer.write(FORMAT);
    writer.write(this.closedTo + 1);
    writer.write(this.seqsClosed);
    let before = 0;
    for (const edge of this.edges) {
      writer.write(edge - before);
      before = edge;
    }
    return writer.finish();
  }

  /** Reads what `encode` wrote; no bytes are no ranges. @throws Error for anything else. */
  static decode(bytes: Uint8Array): SettledRanges {
    const ranges = new SettledRanges();
    if (bytes.length === 0) return ranges;
    const reader = new NumberReader(bytes);
    const format = reader.read();
    if (format !== FORMAT) throw new Error(`settled ranges have format ${format}, this program reads ${FORMAT}`);
    ranges.closedTo = reader.read() - 1;
    ranges.seqsClosed = reader.read();
    for (let edge = 0; !reader.atEnd; ) {
      edge += reader.read();
      ranges.edges.push(edge);
    }
    if (ranges.edges.length % 2 !== 0) throw new Error("settled ranges end within a range");
    return ranges;
  }

  /** The index of the first edge of the first range that ends at `seq` or after it; the edges' length where none does. */
  private rangeEndingAtOrAfter(seq: number): number {
    let low = 0;
    let high = this.edges.length / 2;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.edges[2 * middle + 1]! < seq) low = middle + 1;
      else high = middle;
    }
    return 2 * low;
  }
}

/** The records of a batch (those that ingest did not reject), told apart by what is settled already. */
export interface SettledSplit {
  batch: LoggedBatch;
  /** Never settled before: these count. */
  fresh: LoggedRecord[];
  /** Settled before: duplicates, or conflicts where another record is stored. */
  settled: LoggedRecord[];
  /** Settled before, or lost in a gap that was closed: as `settled` only where a record is stored. */
  inClosedGap: LoggedRecord[];
}

/**
 * Tells the records of batches apart that a store settles together, and settles all their seqs in their producers'
 * ranges, the rejected ones included.
 *
 * What is fresh in one of the batches is settled for the next, in a closed gap too: it has no row yet, but will have.
 */
export function settleBatches(
  batches: readonly LoggedBatch[],
  rangesOf: (batch: LoggedBatch) => SettledRanges,
): SettledSplit[] {
  const untouched = new Map<SettledRanges, SettledRanges>();
  return batches.map((batch) => {
    const ranges = rangesOf(batch);
    const before = untouched.get(ranges) ?? ranges.copy();
    untouched.set(ranges, before);
    return settleBatch(batch, ranges, before);
  });
}

/** `before`: what was settled when none of the batches was. */
function settleBatch(batch: LoggedBatch, ranges: SettledRanges, before: SettledRanges): SettledSplit {
  const split: SettledSplit = { batch, fresh: [], settled: [], inClosedGap: [] };
  for (const logged of batch.records) {
    if (!ranges.contains(logged.seq)) split.fresh.push(logged);
    else if (before.mayBeInClosedGap(logged.seq)) split.inClosedGap.push(logged);
    else split.settled.push(logged);
  }
  if (batch.recordCount > 0) ranges.add(batch.firstSeq, batch.firstSeq + batch.recordCount - 1);
  return split;
}
