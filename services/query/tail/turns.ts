import { TAIL_ANSWER_BYTES_MAX, TAIL_MATCHES_PER_TURN_MAX, TAIL_TURN_MS_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";

/** What is read and found is sent between two turns: a quarter of an answer, so that readers who keep up never lag. */
const BYTES_PER_TURN = TAIL_ANSWER_BYTES_MAX / 4;

/**
 * Leaves the thread to others of the process after a few milliseconds of work. All who share one object take turns, in
 * the order in which they ask, one turn between two looks for other events: however many they are.
 */
export class Turns {
  private readonly clock: Clock;
  private readonly waiting: (() => void)[] = [];
  private startedMs: number;
  private matches = 0;
  private bytes = 0;

  constructor(clock: Clock) {
    this.clock = clock;
    this.startedMs = clock.monotonicMs();
  }

  /** A match is about to be made. True where others are to have their turn before it: then wait for `next`. */
  isOver(): boolean {
    return ++this.matches > TAIL_MATCHES_PER_TURN_MAX || this.clock.monotonicMs() - this.startedMs > TAIL_TURN_MS_MAX;
  }

  /** So many bytes of the log were handed on. */
  async afterBytes(bytes: number): Promise<void> {
    this.bytes += bytes;
    if (this.bytes > BYTES_PER_TURN) await this.next();
  }

  /** Resolves when it is one's turn again. */
  next(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.waiting.push(resolve);
    if (this.waiting.length === 1) setImmediate(() => this.begin());
    return promise;
  }

  private begin(): void {
    this.startedMs = this.clock.monotonicMs();
    this.matches = 0;
    this.bytes = 0;
    this.waiting.shift()!();
    if (this.waiting.length > 0) setImmediate(() => this.begin());
  }
}
