import type { SeededRandom } from "../ledger/seeded-random.ts";

/** Seqs of one producer that travel as one batch. */
export interface Range {
  firstSeq: number;
  count: number;
  /** Its records are in other ranges of the plan too. */
  repeat: boolean;
}

/** How a client misbehaves, as the contract allows it to. */
export interface Behaviours {
  /** The share of batches that are sent again, once or twice, with the same bytes. */
  duplicates: number;
  /** The share of batches whose records are sent again in another cut: its end and the beginning of the next. */
  overlaps: number;
  /** Up to so many batches change places with each other. 1: they stay in order. */
  shuffledOver: number;
  /** The share of acknowledged batches after which other records are sent under some of their seqs. Default: none. */
  conflicts?: number;
}

/** A client that does nothing odd. */
export const PLAIN: Behaviours = { duplicates: 0, overlaps: 0, shuffledOver: 1 };

/** All batches in which a producer's records 0 to `records` - 1 are sent: each record in at least one. */
export function* batchPlan(random: SeededRandom, records: number, behaviours: Behaviours): Generator<Range> {
  const waiting: Range[] = [];
  for (const range of repeated(random, records, behaviours)) {
    waiting.push(range);
    if (waiting.length >= behaviours.shuffledOver) yield taken(random, waiting);
  }
  while (waiting.length > 0) yield taken(random, waiting);
}

function taken(random: SeededRandom, waiting: Range[]): Range {
  const place = random.between(0, waiting.length - 1);
  const [range] = waiting.splice(place, 1);
  return range!;
}

function* repeated(random: SeededRandom, records: number, behaviours: Behaviours): Generator<Range> {
  for (let firstSeq = 0; firstSeq < records; ) {
    const count = Math.min(sizeOf(random), records - firstSeq);
    yield { firstSeq, count, repeat: false };
    if (random.chance(behaviours.duplicates)) {
      for (let times = random.between(1, 2); times > 0; times--) yield { firstSeq, count, repeat: true };
    }
    if (random.chance(behaviours.overlaps)) {
      const from = Math.max(0, firstSeq - random.between(0, count));
      const to = Math.max(from + 1, firstSeq + random.between(0, count));
      yield { firstSeq: from, count: to - from, repeat: true };
    }
    firstSeq += count;
  }
}

/** Mostly some dozens, now and then one or a thousand. */
function sizeOf(random: SeededRandom): number {
  const which = random.next();
  if (which < 0.05) return random.between(1, 3);
  return which < 0.92 ? random.between(40, 250) : random.between(250, 1_000);
}
