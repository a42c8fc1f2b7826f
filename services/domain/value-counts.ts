/** How often a value came. */
export interface ValueCount {
  value: string;
  count: number;
}

/**
 * Counts how often values come, in bounded memory: exactly, until there are too many different ones to be held.
 *
 * Then the count that half of them do not exceed is taken off all of them, and those are forgotten that have nothing left
 * (Misra and Gries, "Finding repeated elements", 1982). So a count may be too low by the sum of what was taken off, which
 * is at most twice the number of all that came, divided by that of the values held.
 */
export class ValueCounts {
  private readonly valuesMax: number;
  private readonly charactersMax: number;
  private readonly counts = new Map<string, number>();
  private characters = 0;
  private taken = 0;

  /** At most so many values are held, and values of so many UTF-16 units together. */
  constructor(valuesMax: number, charactersMax: number) {
    this.valuesMax = valuesMax;
    this.charactersMax = charactersMax;
  }

  /** Each count may be too low by so many, and a value that is not held may have come so often. */
  get countErrorMax(): number {
    return this.taken;
  }

  /** How many values are held. */
  get size(): number {
    return this.counts.size;
  }

  add(value: string): void {
    const count = this.counts.get(value);
    this.counts.set(value, (count ?? 0) + 1);
    if (count !== undefined) return;
    this.characters += value.length;
    while (this.counts.size > this.valuesMax || this.characters > this.charactersMax) this.forgetHalf();
  }

  /** At most `size` values, the most frequent first; of equally frequent ones those that `compare` puts first. */
  mostFrequent(size: number, compare: (a: string, b: string) => number): ValueCount[] {
    const inOrder = (a: ValueCount, b: ValueCount) => b.count - a.count || compare(a.value, b.value);
    const best: ValueCount[] = [];
    for (const [value, count] of this.counts) {
      const candidate = { value, count };
      if (best.length >= size && (size < 1 || inOrder(candidate, best.at(-1)!) > 0)) continue;
      const place = best.findIndex((other) => inOrder(candidate, other) < 0);
      best.splice(place < 0 ? best.length : place, 0, candidate);
      if (best.length > size) best.pop();
    }
    return best;
  }

  private forgetHalf(): void {
    const ascending = Float64Array.from(this.counts.values()).sort();
    const less = ascending[Math.floor((ascending.length - 1) / 2)]!;
    this.taken += less;
    for (const [value, count] of this.counts) {
      if (count > less) {
        this.counts.set(value, count - less);
      } else {
        this.counts.delete(value);
        this.characters -= value.length;
      }
    }
  }
}
