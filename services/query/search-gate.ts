import { LogPulseError } from "../domain/errors.ts";
import { SEARCHES_AT_ONCE_MAX, SEARCHES_WAITING_MAX } from "../domain/limits.ts";
import type { LogSearch } from "../ports/log-search.ts";

const RETRY_MS = 1_000;

/**
 * Lets few searches into the store at a time, and the others wait for their turn. A store that is asked hundreds of
 * things at once answers all of them too late; asked few at a time, it answers most of them in time.
 */
export class SearchGate implements LogSearch {
  private readonly store: LogSearch;
  private readonly atOnceMax: number;
  private readonly waitingMax: number;
  private underWay = 0;
  private readonly waiting = new Set<() => void>();

  constructor(store: LogSearch, atOnceMax = SEARCHES_AT_ONCE_MAX, waitingMax = SEARCHES_WAITING_MAX) {
    this.store = store;
    this.atOnceMax = atOnceMax;
    this.waitingMax = waitingMax;
  }

  /** @throws LogPulseError `overloaded` where too many wait already; else as the store. */
  async search(...asked: Parameters<LogSearch["search"]>): ReturnType<LogSearch["search"]> {
    await this.turn(asked[3]);
    try {
      return await this.store.search(...asked);
    } finally {
      this.underWay--;
      const [next] = this.waiting;
      next?.();
    }
  }

  check(): Promise<void> {
    return this.store.check();
  }

  /** Resolves when this search may go, and counts it as under way. */
  private async turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.underWay < this.atOnceMax) {
      this.underWay++;
      return;
    }
    if (this.waiting.size >= this.waitingMax) {
      const message = `${this.waiting.size} searches wait already`;
      throw new LogPulseError("overloaded", message, { retryAfterMs: RETRY_MS });
    }
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        this.waiting.delete(go);
        signal.removeEventListener("abort", giveUp);
      };
      const go = () => {
        leave();
        this.underWay++;
        resolve();
      };
      const giveUp = () => {
        leave();
        reject(signal.reason as Error);
      };
      this.waiting.add(go);
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }
}
