/** Seqs of one producer, both ends included. */
export interface SeqRange {
  producerId: Uint8Array;
  firstSeq: number;
  lastSeq: number;
}

/** The same seqs in as few ranges as possible: those of one producer that touch or overlap are one. Sorted. */
export function joinRanges(ranges: readonly SeqRange[]): SeqRange[] {
  const joined: SeqRange[] = [];
  for (const range of ranges.toSorted(byProducerAndSeq)) {
    const before = joined.at(-1);
    if (before !== undefined && isSame(before.producerId, range.producerId) && range.firstSeq <= before.lastSeq + 1) {
      before.lastSeq = Math.max(before.lastSeq, range.lastSeq);
    } else {
      joined.push({ ...range });
    }
  }
  return joined;
}

function byProducerAndSeq(a: SeqRange, b: SeqRange): number {
  return Buffer.compare(a.producerId, b.producerId) || a.firstSeq - b.firstSeq;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
