/** Seqs of one producer, both ends included. */
export type SeqRange = readonly [first: number, last: number];

/** Identities by producer (hexadecimal), as ranges in any order; one that stands there twice was kept twice. */
export type Identities = Record<string, SeqRange[]>;

/** Notes a batch; the last range grows where the batch follows it. */
export function addBatch(to: Identities, producer: string, firstSeq: number, count: number): void {
  to[producer] ??= [];
  const ranges = to[producer];
  const last = ranges.at(-1);
  if (last !== undefined && last[1] + 1 === firstSeq) ranges[ranges.length - 1] = [last[0], firstSeq + count - 1];
  else ranges.push([firstSeq, firstSeq + count - 1]);
}

/** Puts what several loads noted together. */
export function allOf(parts: readonly Identities[]): Identities {
  const all: Identities = {};
  for (const part of parts) {
    for (const [producer, ranges] of Object.entries(part)) all[producer] = (all[producer] ?? []).concat(ranges);
  }
  return all;
}

/** The same with as few ranges as can be: what loads noted while answers came out of order. */
export function compacted(identities: Identities): Identities {
  return Object.fromEntries(Object.entries(identities).map(([producer, ranges]) => [producer, joined(ranges)]));
}

/** How many of the acknowledged identities are kept, and how often one is kept beyond once, of any producer. */
export interface Ledger {
  acknowledged: number;
  lost: number;
  /** Records kept beyond the first of their identity. */
  repeated: number;
  /** Kept and not acknowledged: their calls failed too late, or their identities were drawn by the server. */
  keptOnly: number;
}

/** Compares what was acknowledged with what is kept. */
export function ledgerOf(acknowledged: Identities, kept: Identities): Ledger {
  let [told, found, distinct, all] = [0, 0, 0, 0];
  for (const [producer, ranges] of Object.entries(acknowledged)) {
    const wanted = joined(ranges);
    told += wanted.reduce(sumOf, 0);
    found += overlap(wanted, joined(kept[producer] ?? []));
  }
  for (const ranges of Object.values(kept)) {
    all += ranges.reduce(sumOf, 0);
    distinct += joined(ranges).reduce(sumOf, 0);
  }
  return { acknowledged: told, lost: told - found, repeated: all - distinct, keptOnly: distinct - found };
}

/** @throws Error where an acknowledged record is lost or one is kept twice. */
export function requireKeptOnce(ledger: Ledger): Ledger {
  const { lost, repeated, acknowledged } = ledger;
  if (lost > 0 || repeated > 0) {
    throw new Error(`of ${acknowledged} acknowledged records ${lost} are lost; ${repeated} are kept more than once`);
  }
  return ledger;
}

const sumOf = (sum: number, [first, last]: SeqRange) => sum + last - first + 1;

/** The same seqs as ascending ranges apart from each other. */
function joined(ranges: readonly SeqRange[]): SeqRange[] {
  const apart: SeqRange[] = [];
  for (const [first, last] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const before = apart.at(-1);
    if (before !== undefined && first <= before[1] + 1)
      apart[apart.length - 1] = [before[0], Math.max(before[1], last)];
    else apart.push([first, last]);
  }
  return apart;
}

/** How many seqs are in both; each ascending and apart. */
function overlap(a: readonly SeqRange[], b: readonly SeqRange[]): number {
  let [sum, i, j] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const [first, last] = [Math.max(a[i]![0], b[j]![0]), Math.min(a[i]![1], b[j]![1])];
    sum += Math.max(0, last - first + 1);
    if (a[i]![1] < b[j]![1]) i++;
    else j++;
  }
  return sum;
}
