import { LogPulseError } from "../domain/errors.ts";
import {
  AGGREGATES_AT_ONCE_MAX,
  AGGREGATES_WAITING_MAX,
  LISTS_AT_ONCE_MAX,
  LISTS_WAITING_MAX,
  QUERY_TURN_MS_MAX,
  SEARCHES_AT_ONCE_MAX,
  SEARCHES_WAITING_MAX,
} from "../domain/limits.ts";
import type { AccessLog } from "../ports/access-log.ts";
import type { LogAggregates } from "../ports/log-aggregates.ts";
import type { LogSearch } from "../ports/log-search.ts";

const RETRY_MS = 1_000;

/**
 * Lets few calls into a store at a time, and the others wait for their turn. A store that is asked hundreds of things at
 * once answers all of them too late; asked few at a time, it answers most of them in time.
 */
export class Gate {
  private readonly what: string;
  private readonly atOnceMax: number;
  private readonly waitingMax: number;
  private readonly waitMsMax: number;
  private underWay = 0;
  private readonly waiting = new Set<() => void>();

  /** `what`: the calls' name in the plural, for the error. */
  constructor(what: string, atOnceMax: number, waitingMax: number, waitMsMax = QUERY_TURN_MS_MAX) {
    this.what = what;
    this.atOnceMax = atOnceMax;
    this.waitingMax = waitingMax;
    this.waitMsMax = waitMsMax;
  }

  /** Calls that wait for their turn now. */
  get waitingCalls(): number {
    return this.waiting.size;
  }

  /**
   * @throws LogPulseError `overloaded` where too many wait already, or its turn does not come in time; the signal's
   *   reason; else as the call.
   */
  async run<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.turn(signal);
    try {
      return await call();
    } finally {
      this.underWay--;
      const [next] = this.waiting;
      next?.();
    }
  }

  /** Resolves when this call may go, and counts it as under way. */
  private async turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.underWay < this.atOnceMax) {
      this.underWay++;
      return;
    }
    if (this.waiting.size >= this.waitingMax) {
      const message = `${this.waiting.size} ${this.what} wait already`;
      throw new LogPulseError("overloaded", message, { retryAfterMs: RETRY_MS });
    }
    await new Promise<void>((resolve, reject) => {
      const tooLong = () => {
        leave();
        const message = `no turn for one of the ${this.what} within ${this.waitMsMax} ms`;
        reject(new LogPulseError("overloaded", message, { retryAfterMs: RETRY_MS }));
      };
      const timer = setTimeout(tooLong, this.waitMsMax);
      const leave = () => {
        clearTimeout(timer);
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

/** Searches, few at a time. */
export class GatedSearch implements LogSearch {
  private readonly store: LogSearch;
  private readonly gate = new Gate("searches", SEARCHES_AT_ONCE_MAX, SEARCHES_WAITING_MAX);

  constructor(store: LogSearch) {
    this.store = store;
  }

  /** Calls that wait for their turn now. */
  get waitingCalls(): number {
    return this.gate.waitingCalls;
  }

  /** @throws LogPulseError `overloaded` where too many wait already; else as the store. */
  search(...asked: Parameters<LogSearch["search"]>): ReturnType<LogSearch["search"]> {
    return this.gate.run(() => this.store.search(...asked), asked[2]);
  }

  check(): Promise<void> {
    return this.store.check();
  }
}

/** Lists, few at a time: one that counts millions of rows is slow, and must leave connections to the lookups. */
export class GatedAccessLog implements AccessLog {
  private readonly store: AccessLog;
  private readonly gate = new Gate("lists", LISTS_AT_ONCE_MAX, LISTS_WAITING_MAX);

  constructor(store: AccessLog) {
    this.store = store;
  }

  /** Calls that wait for their turn now. */
  get waitingCalls(): number {
    return this.gate.waitingCalls;
  }

  /** @throws LogPulseError `overloaded` where too many wait already; else as the store. */
  list(...asked: Parameters<AccessLog["list"]>): ReturnType<AccessLog["list"]> {
    return this.gate.run(() => this.store.list(...asked), asked[3]);
  }
}

/** Counts, few at a time: each may read all records, and must leave the searches their turns. */
export class GatedAggregates implements LogAggregates {
  private readonly store: LogAggregates;
  private readonly gate = new Gate("counts", AGGREGATES_AT_ONCE_MAX, AGGREGATES_WAITING_MAX);

  constructor(store: LogAggregates) {
    this.store = store;
  }

  /** Calls that wait for their turn now. */
  get waitingCalls(): number {
    return this.gate.waitingCalls;
  }

  /** @throws LogPulseError `overloaded` where too many wait already; else as the store. So do the others. */
  timeSpan(...asked: Parameters<LogAggregates["timeSpan"]>): ReturnType<LogAggregates["timeSpan"]> {
    return this.gate.run(() => this.store.timeSpan(...asked), asked[1]);
  }

  histogram(...asked: Parameters<LogAggregates["histogram"]>): ReturnType<LogAggregates["histogram"]> {
    return this.gate.run(() => this.store.histogram(...asked), asked[2]);
  }

  facets(...asked: Parameters<LogAggregates["facets"]>): ReturnType<LogAggregates["facets"]> {
    return this.gate.run(() => this.store.facets(...asked), asked[3]);
  }
}
