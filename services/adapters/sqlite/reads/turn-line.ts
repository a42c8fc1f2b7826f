import { LogPulseError } from "../../../domain/errors.ts";

const RETRY_MS = 1_000;

/** Those who wait for one of a few things, in their order, and the things that nobody uses. */
export class TurnLine<Thing> {
  private readonly what: string;
  private readonly waitingMax: number;
  private readonly free: Thing[] = [];
  /** In two parts: those of the first one go before all others. */
  private readonly waiting = [new Set<Waiting<Thing>>(), new Set<Waiting<Thing>>()] as const;
  private closed: { reason: unknown } | undefined;

  /** `what`: those who wait, in the plural, for the error. */
  constructor(what: string, waitingMax: number) {
    this.what = what;
    this.waitingMax = waitingMax;
  }

  /**
   * Something to use; `add` gives it back. Who is `first` goes before all who are not, and is not refused.
   *
   * @throws LogPulseError `overloaded` where too many wait already; the signal's reason as soon as it is aborted.
   */
  async turn(signal: AbortSignal, isFirst = false): Promise<Thing> {
    signal.throwIfAborted();
    if (this.closed) throw this.closed.reason;
    const thing = this.free.pop();
    if (thing !== undefined) return thing;
    const line = this.waiting[isFirst ? 0 : 1];
    if (!isFirst && line.size >= this.waitingMax) {
      throw new LogPulseError("overloaded", `${line.size} ${this.what} wait already`, { retryAfterMs: RETRY_MS });
    }
    const { promise, resolve, reject } = Promise.withResolvers<Thing>();
    const waiting = { resolve, reject };
    const giveUp = () => {
      line.delete(waiting);
      reject(signal.reason);
    };
    line.add(waiting);
    signal.addEventListener("abort", giveUp, { once: true });
    return promise.finally(() => signal.removeEventListener("abort", giveUp));
  }

  /** Something that may be used: the next in line gets it. */
  add(thing: Thing): void {
    for (const line of this.waiting) {
      const [next] = line;
      if (!next) continue;
      line.delete(next);
      next.resolve(thing);
      return;
    }
    this.free.push(thing);
  }

  /** It may not be used any more. */
  remove(thing: Thing): void {
    const at = this.free.indexOf(thing);
    if (at >= 0) this.free.splice(at, 1);
  }

  /** All who wait, and all who come, are turned away with that. */
  close(reason: unknown): void {
    this.closed = { reason };
    for (const line of this.waiting) {
      for (const { reject } of line) reject(reason);
      line.clear();
    }
  }
}

interface Waiting<Thing> {
  resolve(thing: Thing): void;
  reject(reason: unknown): void;
}
