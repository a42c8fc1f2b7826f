/** Seqs of producers that a stream has said to be kept. */
export class AckedRanges {
  private readonly ofProducer = new Map<string, { first: number; last: number }[]>();

  /** Both ends included. */
  add(producer: string, first: number, last: number): void {
    const ranges = this.ofProducer.get(producer) ?? [];
    const apart = ranges.filter((range) => range.last < first - 1 || range.first > last + 1);
    const touching = ranges.filter((range) => !apart.includes(range));
    apart.push({
      first: Math.min(first, ...touching.map((range) => range.first)),
      last: Math.max(last, ...touching.map((range) => range.last)),
    });
    this.ofProducer.set(producer, apart);
  }

  /** Whether all of these seqs were added. */
  has(producer: string, first: number, last: number): boolean {
    return (this.ofProducer.get(producer) ?? []).some((range) => range.first <= first && range.last >= last);
  }
}
