import type { RecordMatcher } from "../../domain/condition-matcher.ts";
import { LogPulseError } from "../../domain/errors.ts";
import { TAIL_FETCH_WAIT_MS_MAX } from "../../domain/limits.ts";
import { receivedNanosOf } from "../../domain/received-time.ts";
import type { TailPlace } from "../../domain/tail-cursor.ts";
import type { LogMessage } from "../../ports/event-log.ts";
import type { HistoryReader, HistoryReadings } from "./history-readings.ts";
import type { LiveLog, TailParts } from "./live-log.ts";
import { untilLogAnswers } from "./log-retries.ts";
import { meeting } from "./meeting-records.ts";
import { isBefore } from "./passed-places.ts";
import type { TailAnswer, TailProgress } from "./tail-progress.ts";
import { type TailedMessage, type TailedRecord, tailedMessage } from "./tailed-message.ts";
import type { Turns } from "./turns.ts";

/** What a tail is asked for. */
export interface TailQuestion {
  tenant: string;
  matches: RecordMatcher;
  /** By partition, where it ends; undefined where it goes on. */
  until: readonly TailPlace[] | undefined;
  /** By partition: batches before this place that were received before `sinceNanos` are left out at the beginning. */
  sinceNanos: bigint | undefined;
  /** By partition, the log's end when it began. */
  endsAtStart: readonly number[];
}

/** Messages of a partition, up to that offset, are not in the log any more. */
export interface LostRange {
  partition: number;
  lostUntil: number;
}

/**
 * Reads what a tail has still to be shown until it stands where the live log does, or at its end: from the recent
 * messages, or from the log itself, at its own pace. It never lags.
 */
export class CatchUp implements HistoryReader {
  private readonly parts: TailParts;
  private readonly live: LiveLog;
  private readonly readings: HistoryReadings;
  private readonly question: TailQuestion;
  private readonly progress: TailProgress;
  private readonly turns: Turns;
  /** By partition: nothing was late enough yet. */
  private readonly isEarly: boolean[];
  private partition: number;
  /** Messages of that partition, read and not gone over. */
  private inHand: LogMessage[] = [];

  constructor(
    parts: TailParts,
    live: LiveLog,
    readings: HistoryReadings,
    turns: Turns,
    question: TailQuestion,
    progress: TailProgress,
  ) {
    this.parts = parts;
    this.live = live;
    this.readings = readings;
    this.turns = turns;
    this.question = question;
    this.progress = progress;
    this.partition = progress.places.length - 1; // The first one has the first turn.
    this.isEarly = question.endsAtStart.map(() => question.sinceNanos !== undefined);
  }

  /**
   * Goes over the messages of one look, or those in hand, and adds what meets the condition to the answer. Gives what is
   * lost, where nothing can be read before that is gone over.
   *
   * @throws LogPulseError `log_unavailable`; the signal's reason.
   */
  async step(answer: TailAnswer, signal: AbortSignal): Promise<LostRange | undefined> {
    if (!this.isBehind(this.partition)) this.putDown();
    const next = this.partitionBehind();
    if (next === undefined) return undefined;
    if (next !== this.partition) this.putDown();
    this.partition = next;
    if (this.inHand.length === 0) {
      const lostUntil = await this.look(signal);
      if (lostUntil !== undefined) return { partition: next, lostUntil };
    }
    await this.goOver(answer);
    return undefined;
  }

  /** It stands where the live log does now, or at its end. */
  get hasCaughtUp(): boolean {
    return this.progress.places.every((_, partition) => !this.isBehind(partition));
  }

  /** What is in hand is read again when it is needed. */
  putDown(): void {
    this.inHand = [];
    this.readings.release(this);
  }

  /** Takes messages in hand. Gives the offset of the first message that the log still has where some are lost. */
  private async look(signal: AbortSignal): Promise<number | undefined> {
    const { partition } = this;
    const { offset } = this.progress.places[partition]!;
    const target = this.targetOf(partition);
    // Of what the live reading has not come to, it knows nothing: an end may be further than that.
    const recent = offset < this.live.places[partition]! ? this.live.recents.from(partition, offset) : undefined;
    const messages = recent ?? (await this.readLog(partition, offset, signal));
    const [first] = messages;
    if (recent === undefined && (first === undefined || Number(first.offset) > offset)) {
      const next = first === undefined ? target.offset : Number(first.offset);
      const lostUntil = Math.min(next, await this.startOf(partition, signal), target.offset);
      if (lostUntil > offset) return lostUntil;
    }
    if (first === undefined) this.moveTo(partition, target); // No message has these offsets.
    this.inHand = messages;
    this.readings.take(this, messages);
    return undefined;
  }

  /** None where the log has none from there to the target: it is asked twice, since that much is not shown. */
  private async readLog(partition: number, offset: number, signal: AbortSignal): Promise<LogMessage[]> {
    const { clock, follower } = this.parts;
    const from = { logId: this.live.logId, partition, offset: BigInt(offset) };
    const look = () => follower.read(from, TAIL_FETCH_WAIT_MS_MAX, signal);
    const read = () => untilLogAnswers(clock, signal, () => this.readings.read(look, signal));
    const messages = await read();
    if (messages.length > 0) return messages;
    await this.startOf(partition, signal); // A broker that has just begun to lead answers when it knows the end.
    return read();
  }

  /** Of the first message that the log holds. @throws LogPulseError `log_unavailable` where it ends before the target. */
  private async startOf(partition: number, signal: AbortSignal): Promise<number> {
    const { partitions } = await untilLogAnswers(this.parts.clock, signal, () => this.live.extent(signal));
    const { start, end } = partitions[partition]!;
    const { offset } = this.targetOf(partition);
    if (end >= offset) return Number(start);
    throw new LogPulseError("log_unavailable", `partition ${partition} ends at ${end} now, and did at ${offset}`);
  }

  private async goOver(answer: TailAnswer): Promise<void> {
    const messages = this.inHand; // They may be put down meanwhile; what is gone over is gone over.
    let gone = 0;
    for (const message of messages) {
      const target = this.targetOf(message.partition);
      if (Number(message.offset) > target.offset) this.moveTo(message.partition, target);
      if (!this.isBehind(this.partition) || !(await this.goOverMessage(message, answer))) break;
      gone++;
    }
    if (this.inHand === messages) this.inHand = messages.slice(gone);
    if (this.inHand.length === 0) this.putDown();
  }

  /** False where the answer is full. */
  private async goOverMessage(message: LogMessage, answer: TailAnswer): Promise<boolean> {
    const { partition } = message;
    const offset = Number(message.offset);
    if (this.isTooEarly(message)) {
      this.progress.beginAt(partition, { offset: offset + 1, index: 0 });
      return true;
    }
    if (this.turns.isOver()) await this.turns.next();
    const tailed = this.decoded(message);
    if (tailed) {
      const met = { partition, offset, records: await this.met(tailed), before: this.live.repeats.note(tailed) };
      if (!this.progress.show(met, answer)) return false;
    }
    const end = this.question.until?.[partition];
    if (end?.offset === offset) this.moveTo(partition, end);
    else this.progress.moveBehind(partition, offset);
    return true;
  }

  /** Those that meet the condition and stand before the end, if there is one. */
  private async met(tailed: TailedMessage): Promise<TailedRecord[]> {
    const { tenant, matches, until } = this.question;
    if (tailed.batch.tenant !== tenant) return [];
    const found = await meeting(tailed, matches, this.live.skipped, this.turns);
    const end = until?.[tailed.partition];
    return end?.offset === tailed.offset ? found.filter(({ index }) => index < end.index) : found;
  }

  private isTooEarly(message: LogMessage): boolean {
    const { sinceNanos, endsAtStart } = this.question;
    const { partition } = message;
    if (!this.isEarly[partition]) return false;
    const receivedNanos = receivedNanosOf(message.bytes);
    const isEarly =
      Number(message.offset) < endsAtStart[partition]! && (receivedNanos === undefined || receivedNanos < sinceNanos!);
    this.isEarly[partition] = isEarly;
    return isEarly;
  }

  private decoded(message: LogMessage): TailedMessage | undefined {
    try {
      return tailedMessage(message);
    } catch (reason) {
      this.live.skipped.add(message.partition, Number(message.offset), reason);
      return undefined;
    }
  }

  /** The partitions take turns, one look each. */
  private partitionBehind(): number | undefined {
    if (this.inHand.length > 0) return this.partition;
    const { length } = this.progress.places;
    for (let step = 1; step <= length; step++) {
      const partition = (this.partition + step) % length;
      if (this.isBehind(partition)) return partition;
    }
    return undefined;
  }

  private moveTo(partition: number, place: TailPlace): void {
    Object.assign(this.progress.places[partition]!, place);
  }

  private isBehind(partition: number): boolean {
    return isBefore(this.progress.places[partition]!, this.targetOf(partition));
  }

  private targetOf(partition: number): TailPlace {
    return this.question.until?.[partition] ?? { offset: this.live.places[partition]!, index: 0 };
  }
}
