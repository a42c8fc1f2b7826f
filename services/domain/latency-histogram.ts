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

/** What is told of latencies in a bucket. */
const MIDDLES = Float64Array.from({ length: LATENCY_BUCKETS_MAX }, (_, bucket) =>
  bucket === ZERO ? 0 : (2 * GAMMA ** (bucket - FIRST)) / (GAMMA + 1),
);

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
  /** Counts by bucket, instead of the lists, of one that is for totals. */
  private all: Float64Array | undefined;
  /** What it was read from, instead of the lists, as long as nothing is added: most are only merged or looked at. */
  private encoded: Uint8Array | undefined;

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
    const bucket = bucketOf(Number(nanos));
    this.open();
    this.total += count;
    if (this.all) this.all[bucket]! += count;
    else this.raise(bucket, count);
  }

  /** After this, it has counted what either had. */
  merge(other: LatencyHistogram): void {
    if (this.total === 0 && !this.all && other.encoded) {
      this.total = other.total;
      this.encoded = other.encoded;
      return;
    }
    this.open();
    this.total += other.total;
    const length = other.unfold();
    if (this.all) {
      for (let at = 0; at < length; at++) this.all[unfolded.buckets[at]!]! += unfolded.counts[at]!;
    } else if (!this.addToOwn(length)) {
      this.addMissing(length);
    }
  }

  /**
   * The latencies in nanoseconds that so many of 100 do not exceed, by nearest rank: of n latencies in order, that of
   * place ⌈n · percent / 100⌉, within LATENCY_RELATIVE_ERROR_MAX; 0 is exact. None where nothing was added.
   *
   * `percents`: whole numbers from 0 (the least) to 100, each not below the one before it.
   */
  percentiles(...percents: number[]): number[] {
    const length = this.unfold();
    const ranks = percents.map((percent) => Math.max(1, Math.ceil((this.total * percent) / 100)));
    const found: number[] = [];
    let passed = 0;
    let wanted = ranks[0] ?? Number.NaN; // Of the next percentile; NaN, which nothing reaches, where there is none.
    for (let at = 0; at < length; at++) {
      passed += unfolded.counts[at]!;
      while (passed >= wanted) {
        found.push(MIDDLES[unfolded.buckets[at]!]!);
        wanted = ranks[found.length] ?? Number.NaN;
      }
    }
    return found;
  }

  /** Distances between buckets, and counts, in turns; no bytes where none was added. */
  encode(): Uint8Array {
    if (this.encoded) return this.encoded;
    const length = this.unfold();
    const writer = new NumberWriter();
    if (length > 0) writer.write(FORMAT);
    let before = -1;
    for (let at = 0; at < length; at++) {
      const bucket = unfolded.buckets[at]!;
      writer.write(bucket - before);
      writer.write(unfolded.counts[at]!);
      before = bucket;
    }
    return writer.finish();
  }

  /** Reads what `encode` wrote. It is kept: nobody may change it. @throws Error for anything else. */
  static decode(bytes: Uint8Array): LatencyHistogram {
    const histogram = new LatencyHistogram();
    const length = unfoldBytes(bytes);
    for (let at = 0; at < length; at++) histogram.total += unfolded.counts[at]!;
    histogram.encoded = bytes;
    return histogram;
  }

  private raise(bucket: number, count: number): void {
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

  /** Adds what is unfolded, where it lies in buckets that this has. True where that was everything. */
  private addToOwn(length: number): boolean {
    const { buckets, counts } = this;
    const own = buckets.length; // To read behind it would cost more than all the rest.
    let missing = 0;
    for (let at = 0, place = 0; at < length; at++) {
      const bucket = unfolded.buckets[at]!;
      while (place < own && buckets[place]! < bucket) place++;
      if (place < own && buckets[place] === bucket) counts[place]! += unfolded.counts[at]!;
      else missing++;
    }
    return missing === 0;
  }

  /** Adds those of the buckets that this does not have; its lists are written again, once. */
  private addMissing(length: number): void {
    const { buckets: ownBuckets, counts: ownCounts } = this;
    this.buckets = [];
    this.counts = [];
    const ownLength = ownBuckets.length;
    let own = 0;
    for (let at = 0; at < length; at++) {
      const bucket = unfolded.buckets[at]!;
      for (; own < ownLength && ownBuckets[own]! < bucket; own++) this.push(ownBuckets[own]!, ownCounts[own]!);
      if (own === ownLength || ownBuckets[own] !== bucket) this.push(bucket, unfolded.counts[at]!);
    }
    for (; own < ownLength; own++) this.push(ownBuckets[own]!, ownCounts[own]!);
  }

  private push(bucket: number, count: number): void {
    this.buckets.push(bucket);
    this.counts.push(count);
  }

  /** Makes lists of what it was read from, so that something can be added. */
  private open(): void {
    if (!this.encoded) return;
    const length = unfoldBytes(this.encoded);
    this.encoded = undefined;
    for (let at = 0; at < length; at++) this.push(unfolded.buckets[at]!, unfolded.counts[at]!);
  }

  /** Lays out what it has in `unfolded`. @returns how many buckets those are */
  private unfold(): number {
    if (this.encoded) return unfoldBytes(this.encoded);
    return this.all ? unfoldAll(this.all) : unfoldLists(this.buckets, this.counts);
  }
}

/** The buckets of the histogram that is being looked at, ascending, each with its count: in one place, made only once. */
const unfolded = {
  buckets: new Uint16Array(LATENCY_BUCKETS_MAX),
  counts: new Float64Array(LATENCY_BUCKETS_MAX),
  /** What they were read from, if they were; the same one is often looked at twice in a row. */
  bytes: undefined as Uint8Array | undefined,
  length: 0,
};

function unfoldLists(buckets: readonly number[], counts: readonly number[]): number {
  unfolded.bytes = undefined;
  for (let at = 0; at < buckets.length; at++) {
    unfolded.buckets[at] = buckets[at]!;
    unfolded.counts[at] = counts[at]!;
  }
  return buckets.length;
}

function unfoldAll(all: Float64Array): number {
  unfolded.bytes = undefined;
  let length = 0;
  for (let bucket = 0; bucket < all.length; bucket++) {
    const count = all[bucket]!;
    if (count === 0) continue;
    unfolded.buckets[length] = bucket;
    unfolded.counts[length++] = count;
  }
  return length;
}

function unfoldBytes(bytes: Uint8Array): number {
  if (bytes.length === 0) return 0;
  if (bytes === unfolded.bytes) return unfolded.length;
  unfolded.bytes = undefined;
  const reader = new NumberReader(bytes);
  const format = reader.read();
  if (format !== FORMAT) throw new Error(`a histogram of ${bytes.length} bytes has the unknown format ${format}`);
  let length = 0;
  for (let bucket = -1; !reader.atEnd; length++) {
    const distance = reader.read();
    const count = reader.read();
    bucket += distance;
    if (distance === 0 || bucket > LAST) throw new Error(`a histogram has the bucket ${bucket} of 0 to ${LAST}`);
    if (count === 0) throw new Error(`a histogram has nothing in the bucket ${bucket}`);
    unfolded.buckets[length] = bucket;
    unfolded.counts[length] = count;
  }
  unfolded.bytes = bytes;
  unfolded.length = length;
  return length;
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
