import { LogPulseError } from "../../../domain/errors.ts";

/** Until when a read may go on. */
export interface ReadTime {
  /** The whole time that it has, its waiting included. */
  msMax: number;
  /** When that is over, by `monotonicMs`. */
  endMs: number;
  /** How long it may go on once it has begun; undefined: until the end. */
  runMsMax?: number | undefined;
  /** What it costs depends on what is asked, so that asking for less helps. */
  isCostly: boolean;
}

/** A look costs a part of what a row costs; asking the clock would cost more than most rows. */
const LOOKS_PER_QUESTION = 256;
const BYTES_PER_LOOK = 16; // A record that is looked into costs as many looks more.

/** Milliseconds since some moment that is the same for all threads of the process; performance.now() has one for each. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

/** What every read looks at again and again: whether somebody still waits for it. */
export class ReadBound {
  private readonly time: ReadTime;
  private readonly isCancelled: () => boolean;
  private readonly beginMs = monotonicMs();
  private readonly endMs: number;
  private looks = 0;
  private hasEnded = false;

  constructor(time: ReadTime, isCancelled: () => boolean) {
    this.time = time;
    this.isCancelled = isCancelled;
    this.endMs = Math.min(time.endMs, this.beginMs + (time.runMsMax ?? Number.POSITIVE_INFINITY));
  }

  /** True where a look has found that the time is up. */
  get isTimeUp(): boolean {
    return this.hasEnded;
  }

  /** @throws LogPulseError `cancelled`; as `timeUp` where the time is up. Most calls do not ask. */
  look(): void {
    if (this.looks-- <= 0) this.ask();
  }

  /** The same before something in which nothing can look: it asks each time. */
  lookNow(): void {
    this.ask();
  }

  /** The same before something that takes as long as so many bytes do. */
  lookAtBytes(bytes: number): void {
    this.looks -= bytes / BYTES_PER_LOOK;
    this.look();
  }

  private ask(): void {
    this.looks = LOOKS_PER_QUESTION;
    if (this.isCancelled()) throw new LogPulseError("cancelled", "nobody waits for this read any more");
    const nowMs = monotonicMs();
    if (nowMs < this.endMs) return;
    this.hasEnded = true;
    throw timeUp(this.time, nowMs - this.beginMs);
  }
}

/**
 * The error of a read whose time is up: `query_too_costly` where asking for less helps, since it has taken most of the
 * time itself; `store_unavailable` where it was others, for whom it waited, or the disk.
 */
export function timeUp({ msMax, isCostly }: ReadTime, ranMs: number): LogPulseError {
  if (!isCostly || ranMs < msMax / 2) {
    return new LogPulseError("store_unavailable", `the store's file gave no answer within ${msMax} ms`);
  }
  return new LogPulseError(
    "query_too_costly",
    `it would take longer than ${msMax} ms: ask for less time or less records`,
  );
}

/** True for such an error, also where a thread has sent it: it has no cause, as those have that come from the file. */
export function saysTimeUp(reason: unknown): boolean {
  if (!(reason instanceof LogPulseError) || reason.cause !== undefined) return false;
  return reason.kind === "query_too_costly" || reason.kind === "store_unavailable";
}
