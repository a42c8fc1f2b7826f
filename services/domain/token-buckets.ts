import { boundedKey } from "./bounded-key.ts";

/** Millionths of a token: whole numbers, so that no rounding adds up. */
const MICRO = 1_000_000;

/** How many tokens a full bucket holds, and how many come back each second. */
export interface BucketSettings {
  capacity: number;
  refillPerSecond: number;
}

interface Bucket {
  /** Millionths of a token; below zero while in debt. */
  micro: number;
  /** When it held that many. */
  atMs: number;
}

/**
 * A token bucket for each key, in memory: what one process decides on its own.
 *
 * At most `keysMax` buckets are remembered. Beyond that the one used longest ago is forgotten, which fills it: whoever
 * can send under that many keys at once is not limited by this.
 */
export class TokenBuckets {
  private readonly capacityMicro: number;
  private readonly refillMicroPerMs: number;
  private readonly keysMax: number;
  private readonly buckets = new Map<string, Bucket>(); // In the order of their last use.

  constructor(settings: BucketSettings, keysMax: number) {
    this.capacityMicro = settings.capacity * MICRO;
    this.refillMicroPerMs = (settings.refillPerSecond * MICRO) / 1_000;
    this.keysMax = keysMax;
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.buckets.size;
  }

  /** A bucket that holds at least one token admits any cost and may go into debt by it; the wait is until it holds one again. */
  take(key: string, cost: number, nowMs: number): { allowed: boolean; retryAfterMs: number; tokensLeft: number } {
    const bucket = this.use(key, nowMs);
    if (bucket.micro < MICRO) {
      const retryAfterMs = Math.ceil((MICRO - bucket.micro) / this.refillMicroPerMs);
      return { allowed: false, retryAfterMs, tokensLeft: 0 };
    }
    bucket.micro -= cost * MICRO;
    return { allowed: true, retryAfterMs: 0, tokensLeft: Math.max(0, Math.floor(bucket.micro / MICRO)) };
  }

  /** Notes what somebody else admitted: takes up to `cost` tokens, never into debt. */
  charge(key: string, cost: number, nowMs: number): void {
    const bucket = this.use(key, nowMs);
    bucket.micro = Math.min(bucket.micro, Math.max(0, bucket.micro - cost * MICRO));
  }

  /** How many tokens the bucket lacks of its capacity, its debt included. */
  missing(key: string, nowMs: number): number {
    return (this.capacityMicro - this.use(key, nowMs).micro) / MICRO;
  }

  /** The bucket, refilled up to now, as the one used last. */
  private use(key: string, nowMs: number): Bucket {
    const name = boundedKey(key);
    const bucket = this.buckets.get(name) ?? { micro: this.capacityMicro, atMs: nowMs };
    const elapsedMs = Math.max(0, nowMs - bucket.atMs); // A clock that was set back refills nothing.
    bucket.micro = Math.min(this.capacityMicro, bucket.micro + Math.floor(elapsedMs * this.refillMicroPerMs));
    bucket.atMs = nowMs;
    this.buckets.delete(name);
    this.buckets.set(name, bucket);
    this.forgetOldest();
    return bucket;
  }

  private forgetOldest(): void {
    if (this.buckets.size <= this.keysMax) return;
    const oldest = this.buckets.keys().next();
    if (!oldest.done) this.buckets.delete(oldest.value);
  }
}
