import type { Clock } from "./clock.ts";

/** A clock that stands still until a test moves it; sleepers wake as it passes their time. */
export class ManualClock implements Clock {
  private timeMs: number;
  private passedMs = 0;
  private readonly sleepers = new Set<{ wakesAtMs: number; wake: () => void }>();

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.timeMs = startMs;
  }

  nowMs(): number {
    return this.timeMs;
  }

  monotonicMs(): number {
    return this.passedMs;
  }

  /** Lets time pass. Resolves when those who wake have had their turn. */
  async pass(ms: number): Promise<void> {
    this.timeMs += ms;
    this.passedMs += ms;
    for (const sleeper of this.sleepers) if (sleeper.wakesAtMs <= this.passedMs) sleeper.wake();
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Sets the clock forwards or back. No time passes by that. */
  set(byMs: number): void {
    this.timeMs += byMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleeper = { wakesAtMs: this.passedMs + ms, wake: () => end(resolve) };
      const abort = () => end(() => reject(signal?.reason));
      const end = (settle: () => void) => {
        this.sleepers.delete(sleeper);
        signal?.removeEventListener("abort", abort);
        settle();
      };
      this.sleepers.add(sleeper);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }
}
