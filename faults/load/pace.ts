import { setTimeout as sleep } from "node:timers/promises";

/** Lets so many records per second pass, over all who ask it, without making up for time in which nobody asked. */
export class Pace {
  private readonly perSecond: number;
  private readonly released = new AbortController();
  private nextMs = performance.now();

  constructor(perSecond: number) {
    this.perSecond = perSecond;
  }

  /** Resolves when these records may be sent. */
  async take(records: number): Promise<void> {
    const now = performance.now();
    this.nextMs = Math.max(this.nextMs, now);
    const waitMs = this.nextMs - now;
    this.nextMs += (records / this.perSecond) * 1_000;
    if (waitMs <= 1) return;
    await sleep(waitMs, undefined, { signal: this.released.signal }).catch(() => undefined); // Released.
  }

  /** From now on nobody waits any more. */
  release(): void {
    this.released.abort();
  }
}
