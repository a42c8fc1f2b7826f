import { LIMITER_ASK_AGAIN_MS_MAX, LIMITER_ASK_AGAIN_MS_MIN } from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { Take } from "../ports/rate-limiter.ts";
import { WaitingLine } from "./waiting-line.ts";

/**
 * The batches that wait for the same bucket. Only the first one asks: if each did, all would wake for a token that one
 * of them gets.
 */
export class LimiterLine {
  private readonly clock: Clock;
  private readonly line = new WaitingLine();
  private tokenAtMs = 0; // When the bucket holds one again, as far as is known.

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Nobody waits. */
  get isEmpty(): boolean {
    return this.line.isEmpty;
  }

  /** How long a batch that comes now will wait at least, in milliseconds. */
  get waitMs(): number {
    return Math.max(this.tokenAtMs - this.clock.nowMs(), LIMITER_ASK_AGAIN_MS_MIN);
  }

  /** The bucket has said that it holds none. */
  note({ retryAfterMs }: Take): void {
    this.tokenAtMs = this.clock.nowMs() + retryAfterMs;
  }

  /**
   * Asks until it is allowed, when those that came before are gone, and gives the tokens that are left. `onWait` is told
   * the wait in milliseconds, and again only where it will be longer than that.
   *
   * @throws the reason of `signal`.
   */
  async take(ask: () => Promise<Take>, signal: AbortSignal, onWait: (ms: number) => void): Promise<Take["tokensLeft"]> {
    let toldMs = 0;
    const tell = () => {
      if (this.waitMs <= toldMs) return;
      toldMs = this.waitMs;
      onWait(toldMs);
    };
    tell();
    return this.line.stand(signal, async () => {
      if (this.tokenAtMs > this.clock.nowMs()) await this.sleep(signal); // The one before has gone without.
      for (;;) {
        const take = await ask();
        if (take.allowed) return take.tokensLeft;
        this.note(take);
        tell();
        await this.sleep(signal);
      }
    });
  }

  private sleep(signal: AbortSignal): Promise<void> {
    return this.clock.sleep(Math.min(this.waitMs, LIMITER_ASK_AGAIN_MS_MAX), signal);
  }
}
