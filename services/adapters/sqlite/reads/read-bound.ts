import { LogPulseError } from "../../../domain/errors.ts";

/** Until when a read may go on. */
export interface ReadTime {
  /** The whole time that it has, its waiting included. */
  msMax: number;
  /** When that is over, by `monotonicMs`. */
  endMs: number;
}

/** A look costs a part of what a row costs; asking the clock would cost more than most rows. */
const LOOKS_PER_QUESTION = 256;

/** Milliseconds since some moment that is the same for all threads of the process; performance.now() has one for each. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

/** What every read looks at again and again: whether somebody still waits for it. */
export class ReadBound {
  private readonly time: ReadTime;
  private readonly isCancelled: () => boolean;
  private looks = 0;

  constructor(time: ReadTime, isCancelled: () => boolean) {
    this.time = time;
    this.isCancelled = isCancelled;
  }

  /** @throws LogPulseError `cancelled`; `store_unavailable` where the time is up. Most calls do not ask. */
  look(): void {
    if (this.looks++ % LOOKS_PER_QUESTION !== 0) return;
    if (this.isCancelled()) throw new LogPulseError("cancelled", "nobody waits for this read any more");
    if (monotonicMs() >= this.time.endMs) throw tooSlow(this.time.msMax);
  }
}

/** The error of a read that took too long. */
export function tooSlow(msMax: number): LogPulseError {
  return new LogPulseError("store_unavailable", `the store's file gave no answer within ${msMax} ms`);
}
