import { LATENCY_SECONDS_MAX } from "./limits.ts";
import { NumberReader, NumberWriter } from "./variable-length-number.ts";

/** How far a percentile may be from the exact one, as a part of it. */
export const LATENCY_RELATIVE_ERROR_MAX = 0.01;

const FORMAT = 1;
const GAMMA = (1 + LATENCY_RELATIVE_ERROR_MAX) / (1 - LATENCY_RELATIVE_ERROR_MAX);
const BUCKETS_PER_E = 1 / Math.log(GAMMA);
const ZERO = 0; // The bucket of latencies that are 0.
const FIRST = 1; // The bucket of 1 ns.
const NANOS_MAX = LATENCY_SECONDS_MAX * 1e9 + 999_999_999;
const LAST = bucketOf(NANOS_MAX);

/** More buckets than that no histogram has, whatever is added. */
export const LATENCY_BUCKETS_MAX = LAST + 1;

/**
 * Counts latencies in buckets, each 2 % wider than the one below it, so that percentiles are known within 1 %. Buckets
 * without latencies take no room: a service whose latencies lie between 1 and 100 ms has at most 231 of the 1,768.
 *
 * Source: C. Masson, J. E. Rim, H. K. Lee, "DDSketch", PVLDB 12(12), 2019. Bucket i + 1 holds what is above γ^(i-1) and at
 * most γ^i nanoseconds, γ = (1 + α) / (1 - α) with α = 1 %; 2γ^i / (γ + 1) is within α of all of it. γ must never change:
 * histograms of all times are merged.
 */
export class LatencyHistogram {
  // Side by side, by bucket: to find a place in a short list is faster than in a Map, and it need never be sorted.
  private buckets: number[] = [];
  private counts: number[] = [];
  private total = 0;
  /** Counts by bucket, of one that is for totals; what was added since `settle` stands only here. */
  private all: Float64Array | undefined;
  private isSettled = true;

  /** One that others are merged into by the hundred: many times faster, but for its 14 KB, however little is in it. */
  static forTotals(): LatencyHistogram {
    const histogram = new LatencyHistogram();
    histogram.all = new Float64Array(LATENCY_BUCKETS_MAX);
    return histogram;
  }

  /** Latencies that were added. */
  get count(): number {
    return this.total;
  }

  /** `nanos`: less than 0 counts as 0, more than LATENCY_SECONDS_MAX as that; ingest lets neither through. */
  add(nanos: bigint, count = 1): void {
    this.raise(bucketOf(Number(nanos)), count);
  }

  /** After this, it has counted what either had. */
  merge(other: LatencyHistogram): void {
    other.settle();
    const { buckets, counts } = other;
    this.total += other.total;
    if (this.all) {
      for (let at = 0; at < buckets.length; at++) this.all[buckets[at]!]! += counts[at]!;
      this.isSettled = false;
      return;
    }
    if (this.buckets.length === 0) {
      this.buckets = buckets.slice();
      this.counts = counts.slice();
      return;
    }
    if (!this.addToOwn(buckets, counts)) this.addMissing(buckets, counts);
  }

  /**
   * The latencies in nanoseconds that so many of 100 do not exceed, by nearest rank: of n latencies in order, that of
   * place ⌈n · percent / 100⌉, within LATENCY_RELATIVE_ERROR_MAX; 0 is exact. None where nothing was added.
   *
   * `percents`: whole numbers from 0 (the least) to 100, each not below the one before it.
   */
  percentiles(...percents: number[]): number[] {
    this.settle();
    const ranks = percents.map((percent) => Math.max(1, Math.ceil((this.total * percent) / 100)));
    const found: number[] = [];
    let passed = 0;
    for (let at = 0; at < this.buckets.length && found.length < ranks.length; at++) {
      passed += this.counts[at]!;
      while (found.length < ranks.length && passed >= ranks[found.length]!) found.push(middleOf(this.buckets[at]!));
    }
    return found;
  }

  /** Distances between buckets, and counts, in turns; no bytes where none was added. */
  encode(): Uint8Array {
    this.settle();
    const writer = new NumberWriter();
    if (this.total > 0) writer.write(FORMAT);
    let before = -1;
    for (let at = 0; at < this.buckets.length; at++) {
      const bucket = this.buckets[at]!;
      writer.write(bucket - before);
      writer.write(this.counts[at]!);
      before = bucket;
    }
    return writer.finish();
  }

  /** Reads what `encode` wrote. @throws Error for anything else. */
  static decode(bytes: Uint8Array): LatencyHistogram {
    const histogram = new LatencyHistogram();
    if (bytes.length === 0) return histogram;
    const reader = new NumberReader(bytes);
    const format = reader.read();
    if (format !== FORMAT) throw new Error(`a histogram of ${bytes.length} bytes has the unknown format ${format}`);
    for (let bucket = -1; !reader.atEnd; ) {
      const distance = reader.read();
      const count = reader.read();
      bucket += distance;
      if (distance === 0 || bucket > LAST) throw new Error(`a histogram has the bucket ${bucket} of 0 to ${LAST}`);
      if (count === 0) throw new Error(`a histogram has nothing in the bucket ${bucket}`);
      histogram.push(bucket, count);
      histogram.total += count;
    }
    return histogram;
  }

  private raise(bucket: number, count: number): void {
    this.total += count;
    if (this.all) {
      this.all[bucket]! += count;
      this.isSettled = false;
      return;
    }
    const { buckets, counts } = this;
    let place = 0;
    for (let end = buckets.length; place < end; ) {
      const middle = (place + end) >>> 1;
      if (buckets[middle]! < bucket) place = middle + 1;
      else end = middle;
    }
    if (buckets[place] === bucket) {
      counts[place]! += count;
    } else {
      insert(buckets, place, bucket);
      insert(counts, place, count);
    }
  }

  /** Adds what lies in buckets that it has. True where that was everything. */
  private addToOwn(buckets: readonly number[], counts: readonly number[]): boolean {
    const { buckets: ownBuckets, counts: ownCounts } = this;
    const { length } = ownBuckets; // To read behind it would cost more than all the rest.
    let missing = 0;
    for (let at = 0, place = 0; at < buckets.length; at++) {
      const bucket = buckets[at]!;
      while (place < length && ownBuckets[place]! < bucket) place++;
      if (place < length && ownBuckets[place] === bucket) ownCounts[place]! += counts[at]!;
      else missing++;
    }
    return missing === 0;
  }

  /** Adds those of the buckets that it does not have; all lists are written again, once. */
  private addMissing(buckets: readonly number[], counts: readonly number[]): void {
    const { buckets: ownBuckets, counts: ownCounts } = this;
    this.buckets = [];
    this.counts = [];
    const { length } = ownBuckets;
    let own = 0;
    for (let at = 0; at < buckets.length; at++) {
      const bucket = buckets[at]!;
      for (; own < length && ownBuckets[own]! < bucket; own++) this.push(ownBuckets[own]!, ownCounts[own]!);
      if (own === length || ownBuckets[own] !== bucket) this.push(bucket, counts[at]!);
    }
    for (; own < length; own++) this.push(ownBuckets[own]!, ownCounts[own]!);
  }

  private push(bucket: number, count: number): void {
    this.buckets.push(bucket);
    this.counts.push(count);
  }

  /** Makes the lists of what stands in `all`. */
  private settle(): void {
    if (this.isSettled || !this.all) return;
    this.buckets = [];
    this.counts = [];
    for (let bucket = 0; bucket < this.all.length; bucket++) {
      const count = this.all[bucket]!;
      if (count > 0) this.push(bucket, count);
    }
    this.isSettled = true;
  }
}

function bucketOf(nanos: number): number {
  if (nanos < 1) return ZERO;
  return FIRST + Math.ceil(Math.log(nanos < NANOS_MAX ? nanos : NANOS_MAX) * BUCKETS_PER_E);
}

/** As `splice`, which costs more than the whole search where a list is short. */
function insert(list: number[], place: number, value: number): void {
  list.push(value);
  for (let at = list.length - 1; at > place; at--) list[at] = list[at - 1]!;
  list[place] = value;
}

function middleOf(bucket: number): number {
  return bucket === ZERO ? 0 : (2 * GAMMA ** (bucket - FIRST)) / (GAMMA + 1);
}
