import { reasonText } from "../../../domain/errors.ts";
import { RETRY_WAIT_MS_MAX, RETRY_WAIT_MS_MIN } from "../../../domain/limits.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Delivery } from "../../../ports/event-log.ts";
import type { Logger } from "../../../ports/logger.ts";
import { isDamage } from "../errors.ts";
import type { LogPositionStore } from "./log-position-store.ts";
import type { LogRows } from "./log-rows.ts";
import type { LogSignals } from "./log-signals.ts";

/** One who settles deliveries. */
export interface LogMember {
  settle(delivery: Delivery): Promise<void>;
}

/** What reading takes, and who wants to know of trouble. */
export interface LogReadingParts {
  rows: LogRows;
  signals: LogSignals;
  positions: LogPositionStore;
  clock: Clock;
  logger: Logger;
  /** Called when the position has moved over messages that are not in the log any more. */
  onLost(partition: number, messages: bigint): void;
  /** The log's file is damaged: nothing behind that place can be read. */
  onFault(reason: Error): void;
}

interface Turn {
  member: LogMember;
  stop: AbortController;
  over: Promise<void>;
}

/** Reads one partition, in turns: one delivery each, for the member who owns the partition when the turn begins. */
export class LogPartitionReading {
  private readonly parts: LogReadingParts;
  private readonly partition: number;
  private readonly owner: () => LogMember | undefined;
  private position: bigint;
  private turn: Turn | undefined;
  private failuresInRow = 0;

  constructor(parts: LogReadingParts, partition: number, position: bigint, owner: () => LogMember | undefined) {
    this.parts = parts;
    this.partition = partition;
    this.position = position;
    this.owner = owner;
  }

  /** To be called when the owner may be another: the old one's turn is aborted, and the new one's begins when it is over. */
  ownerChanged(): void {
    if (!this.turn) this.beginTurn();
    else if (this.turn.member !== this.owner())
      this.turn.stop.abort(new Error("another reader has this partition now"));
  }

  /** Resolves when that member has nothing of this partition in hand. */
  async putDownBy(member: LogMember): Promise<void> {
    if (this.turn?.member === member) await this.turn.over;
  }

  private beginTurn(): void {
    const member = this.owner();
    this.turn = undefined;
    if (!member) return;
    const stop = new AbortController();
    const over = this.takeTurn(member, stop.signal);
    this.turn = { member, stop, over };
    void over.then(() => this.beginTurn());
  }

  /** Waits for messages and has them settled. Never rejects: what fails, the next turn tries again. */
  private async takeTurn(member: LogMember, signal: AbortSignal): Promise<void> {
    try {
      await this.deliver(member, signal);
      this.failuresInRow = 0;
    } catch (reason) {
      if (!signal.aborted) await this.waitAfter(reason, signal);
    }
  }

  private async deliver(member: LogMember, signal: AbortSignal): Promise<void> {
    const { partition, position } = this;
    const end = await this.parts.signals.endBehind(partition, position, signal);
    const messages = this.parts.rows.between(partition, position, end);
    if (messages.length > 0) await member.settle({ partition, messages, signal });
    const last = messages.at(-1);
    const next = last ? last.offset + 1n : end;
    this.moveTo(next);
    const lost = next - position - BigInt(messages.length);
    if (lost > 0n) this.parts.onLost(partition, lost);
  }

  private moveTo(position: bigint): void {
    const { positions, rows, signals } = this.parts;
    positions.commit(rows.state.logId, this.partition, position);
    this.position = position;
    signals.raiseSettled(this.partition, position);
  }

  private async waitAfter(reason: unknown, signal: AbortSignal): Promise<void> {
    const { clock, logger, onFault } = this.parts;
    const waitMs = Math.min(RETRY_WAIT_MS_MIN * 2 ** this.failuresInRow++, RETRY_WAIT_MS_MAX);
    const facts = { partition: this.partition, position: String(this.position), waitMs, reason: reasonText(reason) };
    logger.warn(facts, "a delivery of the log was not settled; it comes again");
    if (isDamage(reason)) onFault(reason as Error);
    await clock.sleep(waitMs, signal).catch(() => undefined); // Only because it was aborted.
  }
}
