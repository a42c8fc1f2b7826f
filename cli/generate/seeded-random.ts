const WARM_UP_DRAWS = 12;
const UINT32 = 2 ** 32;

/** Something to choose, and how often it is chosen among others. */
export interface Weighted {
  weight: number;
}

/**
 * Random numbers that are the same for the same seed, on every machine.
 *
 * The generator is sfc32 of C. Doty-Humphrey's PractRand, with 128 bits of state: it does not repeat itself within any run.
 */
export class SeededRandom {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  /** `seed`: a whole number from 0 to 2^32-1. */
  constructor(seed: number) {
    this.a = seed | 0;
    this.b = 0x9e3779b9 | 0;
    this.c = 0x243f6a88 | 0;
    for (let draw = 0; draw < WARM_UP_DRAWS; draw++) this.next(); // So that neighbouring seeds have nothing in common.
  }

  /** From 0 up to, but never, 1. */
  next(): number {
    const drawn = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + drawn) | 0;
    return (drawn >>> 0) / UINT32;
  }

  /** A whole number from 0 up to, but never, `count`. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** Each as often as its weight says. */
  pickWeighted<T extends Weighted>(list: readonly T[]): T {
    let left = this.next() * list.reduce((sum, { weight }) => sum + weight, 0);
    for (const each of list) {
      left -= each.weight;
      if (left < 0) return each;
    }
    return list.at(-1)!; // What is left of rounding.
  }

  /** Half of them below the median, some of them far above it, as latencies are: log-normal. `spread`: 0.5 is usual. */
  around(median: number, spread: number): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
    return median * Math.exp(normal * spread);
  }

  /** That many hexadecimal digits. */
  hex(digits: number): string {
    return Array.from({ length: digits }, () => this.below(16).toString(16)).join("");
  }
}
