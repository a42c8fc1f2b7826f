/**
 * Chance that the same seed repeats: not for secrets.
 *
 * The generator is xorshift with 128 bits of state (G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8, 2003);
 * its state is filled by `mixed`, so that neighbouring seeds give sequences that have nothing to do with each other.
 */
export class SeededRandom {
  private a: number;
  private b: number;
  private c: number;
  private d: number;

  /** `seed`: a whole number from 0 to 2^32-1; `branch` makes further independent sequences of the same seed. */
  constructor(seed: number, branch = 0) {
    this.a = mixed(seed, branch);
    this.b = mixed(this.a, 1);
    this.c = mixed(this.b, 2);
    this.d = mixed(this.c, 3) | 1; // Not all four words may be 0.
  }

  /** A whole number from 0 to 2^32-1. */
  word(): number {
    const t = this.a ^ (this.a << 11);
    this.a = this.b;
    this.b = this.c;
    this.c = this.d;
    this.d = this.d ^ (this.d >>> 19) ^ t ^ (t >>> 8);
    return this.d >>> 0;
  }

  /** From 0 up to, not including, 1. */
  next(): number {
    return this.word() / 4_294_967_296;
  }

  /** True with that probability, from 0 to 1. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** One of the list, which must not be empty. */
  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.next() * list.length)]!;
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.word() & 0xff);
  }
}

/** Two whole numbers as one of 32 bits that depends on every bit of both: the finalizer of MurmurHash3 (A. Appleby). */
export function mixed(one: number, other: number): number {
  let word = (Math.imul(one >>> 0, 0x9e37_79b1) + Math.imul(other >>> 0, 0x85eb_ca77)) ^ Math.floor(other / 2 ** 32);
  word = Math.imul(word ^ (word >>> 16), 0x85eb_ca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2_ae35);
  return (word ^ (word >>> 16)) >>> 0;
}
