import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LATENCY_BUCKETS_MAX, LATENCY_RELATIVE_ERROR_MAX, LatencyHistogram } from "./latency-histogram.ts";
import { LATENCY_SECONDS_MAX } from "./limits.ts";
import { NumberWriter } from "./variable-length-number.ts";

const NANOS_MAX = LATENCY_SECONDS_MAX * 1e9 + 999_999_999;
const MS = 1e6;
const PERCENTS = [0, 1, 25, 50, 75, 90, 95, 99, 100];
const ROUNDING = 1e-9; // Of the computation, beside the error that is promised.

function histogramOf(latencies: Iterable<number>): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const nanos of latencies) histogram.add(BigInt(nanos));
  return histogram;
}

/** What a percentile is, in other words: the least latency that is not exceeded by at least so many of 100. */
function exactPercentile(ascending: Float64Array, percent: number): number {
  const places = ascending.length * percent;
  return ascending[Math.max(0, Math.floor(places / 100) + (places % 100 === 0 ? 0 : 1) - 1)]!;
}

function worstError(histogram: LatencyHistogram, latencies: ArrayLike<number>): number {
  const ascending = Float64Array.from(latencies).sort();
  const told = histogram.percentiles(...PERCENTS);
  const errors = PERCENTS.map((percent, at) => {
    const exact = exactPercentile(ascending, percent);
    return exact === 0 ? told[at]! : Math.abs(told[at]! - exact) / exact;
  });
  return Math.max(...errors);
}

/** Numbers from 0 to 1 that are the same in every run: a linear congruence modulo 2^32 (Numerical Recipes, 3rd ed.). */
function* seeded(seed: number): Generator<number> {
  for (let state = seed >>> 0; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

function draw(count: number, seed: number, one: (random: () => number) => number): Float64Array {
  const numbers = seeded(seed);
  const random = () => numbers.next().value as number;
  return Float64Array.from({ length: count }, () => Math.min(NANOS_MAX, Math.max(0, Math.round(one(random)))));
}

/** Box and Muller. */
const normal = (random: () => number) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

const SHAPES: [string, (random: () => number) => number][] = [
  ["uniform", (random) => random() * 500 * MS],
  ["uniform from 0 to the longest", (random) => random() * NANOS_MAX],
  ["log-normal", (random) => Math.exp(Math.log(20 * MS) + 1.5 * normal(random))],
  ["bimodal", (random) => (random() < 0.7 ? 2 * MS + 0.3 * MS * normal(random) : 900 * MS + 50 * MS * normal(random))],
  ["constant", () => 123_456_789],
  ["a few nanoseconds, zeros among them", (random) => random() * 4],
];

describe("LatencyHistogram", () => {
  it.each(SHAPES)("tells percentiles of %s latencies within 1 %", (_, one) => {
    for (const [count, seed] of [
      [1, 1],
      [2, 2],
      [10, 3],
      [101, 4],
      [10_000, 5],
      [1_000_000, 6],
    ] as const) {
      const latencies = draw(count, seed, one);
      const histogram = histogramOf(latencies);
      expect(histogram.count).toBe(count);
      expect(worstError(histogram, latencies)).toBeLessThanOrEqual(LATENCY_RELATIVE_ERROR_MAX + ROUNDING);
    }
  });

  it("tells them of any latencies, and zeros exactly", () => {
    const latency = fc.oneof(
      fc.nat(50),
      fc.maxSafeNat().map((some) => some % (NANOS_MAX + 1)),
      fc.constant(NANOS_MAX),
    );
    fc.assert(
      fc.property(fc.array(latency, { minLength: 1, maxLength: 300 }), (latencies) => {
        expect(worstError(histogramOf(latencies), latencies)).toBeLessThanOrEqual(
          LATENCY_RELATIVE_ERROR_MAX + ROUNDING,
        );
      }),
    );
  });

  it("is right at the edges of every bucket", () => {
    const gamma = 1.01 / 0.99;
    for (let place = 0; gamma ** place < NANOS_MAX; place++) {
      for (const nanos of [Math.floor(gamma ** place), Math.ceil(gamma ** place)]) {
        expect(worstError(histogramOf([nanos]), [nanos])).toBeLessThanOrEqual(LATENCY_RELATIVE_ERROR_MAX + ROUNDING);
      }
    }
  });

  it("has no percentile where nothing was added", () => {
    expect(new LatencyHistogram().percentiles(0, 50)).toEqual([]);
    expect(LatencyHistogram.decode(new Uint8Array()).count).toBe(0);
    expect(new LatencyHistogram().encode()).toEqual(new Uint8Array());
  });

  it("counts what cannot be as the least or the longest", () => {
    const histogram = histogramOf([-5]);
    histogram.add(2n ** 80n, 3);
    const [least, middle] = histogram.percentiles(25, 50);
    expect(least).toBe(0);
    expect(middle! / NANOS_MAX).toBeCloseTo(1, 1);
    expect(histogram.count).toBe(4);
  });

  it("merges to what all latencies together give, in whatever order", () => {
    const parts = fc.array(fc.array(fc.nat(2_000_000_000), { maxLength: 50 }), { maxLength: 6 });
    fc.assert(
      fc.property(parts, (some) => {
        const whole = histogramOf(some.flat());
        for (const order of [some, some.toReversed()]) {
          const merged = new LatencyHistogram();
          for (const part of order) merged.merge(histogramOf(part));
          expect(merged.encode()).toEqual(whole.encode());
          expect(merged.count).toBe(whole.count);
        }
      }),
    );
  });

  it("is the same after encoding", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.maxSafeNat(), fc.integer({ min: 1, max: 2 ** 40 }))), (latencies) => {
        const histogram = new LatencyHistogram();
        for (const [nanos, count] of latencies) histogram.add(BigInt(nanos), count);
        const again = LatencyHistogram.decode(histogram.encode());
        expect(again.encode()).toEqual(histogram.encode());
        expect(again.count).toBe(histogram.count);
        expect(again.percentiles(...PERCENTS)).toEqual(histogram.percentiles(...PERCENTS));
      }),
    );
  });

  it("never has more than its buckets, and one of 1,000 latencies takes some hundred bytes", () => {
    const full = new LatencyHistogram();
    for (let nanos = 0; nanos <= NANOS_MAX; nanos = Math.max(nanos + 1, Math.floor(nanos * 1.009))) {
      full.add(BigInt(nanos), 1_000_000);
    }
    expect(bucketsOf(full)).toBeLessThanOrEqual(LATENCY_BUCKETS_MAX);
    expect(full.encode().length).toBeLessThan(16 * 1024);
    const [, logNormal] = SHAPES[2]!;
    expect(histogramOf(draw(1_000, 7, logNormal)).encode().length).toBeLessThan(1024);
  });

  it("never changes: histograms of all times are merged", () => {
    const bytes = histogramOf([0, 1, 1, 1_000_000, 2_147_483_000_000_000]).encode();
    // Format 1; bucket 0 once; bucket 1 twice; ⌈ln(1e6) / ln(1.01/0.99)⌉ = 691, so bucket 692; ⌈…⌉ = 1766, so 1767.
    expect(bytes).toEqual(numbers(1, 1, 1, 1, 2, 691, 1, 1_767 - 692, 1));
  });

  it("refuses what it did not write", () => {
    expect(() => LatencyHistogram.decode(numbers(7, 1, 1))).toThrow("unknown format 7");
    expect(() => LatencyHistogram.decode(numbers(1, 2_000, 1))).toThrow("bucket 1999 of 0 to 1767");
    expect(() => LatencyHistogram.decode(numbers(1, 0, 1))).toThrow("bucket -1 of 0 to 1767");
    expect(() => LatencyHistogram.decode(numbers(1, 1, 1, 0, 1))).toThrow("bucket 0 of 0 to 1767");
    expect(() => LatencyHistogram.decode(numbers(1, 1, 0))).toThrow("nothing in the bucket 0");
    expect(() => LatencyHistogram.decode(numbers(1, 5))).toThrow("end within a number");
  });

  it("says the same whichever others were looked at before", () => {
    const some = fc.array(fc.array(fc.nat(2_000_000_000), { maxLength: 20 }), { minLength: 2, maxLength: 4 });
    const turns = fc.array(fc.tuple(fc.nat(3), fc.constantFrom("look", "merge", "decode", "damaged")), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(some, turns, (parts, looks) => {
        const written = parts.map(histogramOf);
        const read = written.map((histogram) => LatencyHistogram.decode(histogram.encode()));
        for (const [turn, how] of looks) {
          const at = turn % parts.length;
          if (how === "damaged") expect(() => LatencyHistogram.decode(numbers(1, 1, 1, 0, 1))).toThrow();
          if (how === "decode") read[at] = LatencyHistogram.decode(read[at]!.encode());
          if (how === "merge") for (const all of [written, read]) all[at]!.merge(all[(at + 1) % parts.length]!);
          expect(read[at]!.percentiles(...PERCENTS)).toEqual(written[at]!.percentiles(...PERCENTS));
          expect(read[at]!.encode()).toEqual(written[at]!.encode());
        }
      }),
    );
  });

  it("for totals says what any other says, whatever is done to it in whatever order", () => {
    const step = fc.oneof(
      fc.record({ add: fc.bigInt({ min: 0n, max: BigInt(NANOS_MAX) }) }),
      fc.record({ merge: fc.array(fc.integer({ min: 0, max: 1_000_000 }), { maxLength: 20 }) }),
      fc.constant({ look: true }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const [total, plain] = [LatencyHistogram.forTotals(), new LatencyHistogram()];
        for (const one of steps) {
          for (const histogram of [total, plain]) {
            if ("add" in one) histogram.add(one.add);
            else if ("merge" in one) histogram.merge(histogramOf(one.merge));
            else histogram.percentiles(50);
          }
        }
        expect([total.count, total.percentiles(...PERCENTS)]).toEqual([plain.count, plain.percentiles(...PERCENTS)]);
        expect(total.encode()).toEqual(plain.encode());
        const merged = new LatencyHistogram();
        merged.merge(total);
        expect(merged.encode()).toEqual(plain.encode());
      }),
    );
  });
});

function numbers(...some: number[]): Uint8Array {
  const writer = new NumberWriter();
  for (const number of some) writer.write(number);
  return writer.finish();
}

/** Two numbers for each bucket, behind the format. */
function bucketsOf(histogram: LatencyHistogram): number {
  const ends = histogram.encode().filter((byte) => byte < 0x80).length;
  return (ends - 1) / 2;
}
