import type { TailLogsResponse, TailLogsResponseSchema } from "../../../gen/logpulse/v1/query_service_pb.ts";
import { Bell } from "../../domain/bell.ts";
import type { Condition } from "../../domain/condition.ts";
import { isKind } from "../../domain/errors.ts";
import { TAIL_HEARTBEAT_MS, TAIL_MS_MAX } from "../../domain/limits.ts";
import { type TailPlace, tailCursor } from "../../domain/tail-cursor.ts";
import type { CallContext, Send } from "../../ports/service-handlers.ts";
import type { AnswerRoom } from "./answer-room.ts";
import { CatchUp, type LostRange, type TailQuestion } from "./catch-up.ts";
import type { HistoryReadings } from "./history-readings.ts";
import type { LiveLog, TailParts } from "./live-log.ts";
import { LiveTail, type SkippedRange } from "./live-tail.ts";
import {
  endAnswer,
  heartbeatAnswer,
  laggedAnswer,
  type MissedRange,
  recordsAnswer,
  type TailEndReason,
} from "./tail-answers.ts";
import { TailAnswer, TailProgress } from "./tail-progress.ts";
import type { Turns } from "./turns.ts";

/** What all tails of a process share, and the live log that this one hangs on. */
export interface TailShared {
  parts: TailParts;
  live: LiveLog;
  readings: HistoryReadings;
  room: AnswerRoom;
  /** Of all who catch up. */
  turns: Turns;
}

/** What one tail is asked for, and where it begins. */
export interface TailAsked extends TailQuestion {
  condition: Condition;
  /** By partition. */
  start: readonly TailPlace[];
  messageBytesMax: number;
}

/**
 * One tail: it catches up with the live log where it begins before it, then takes what its feed has for it, and tells in
 * band how it ends. One answer at a time, each with the place behind it; nothing is waited for to make one larger.
 */
export class Tail {
  private readonly shared: TailShared;
  private readonly asked: TailAsked;
  private readonly sendAnswer: Send<typeof TailLogsResponseSchema>;
  private readonly context: CallContext;
  private readonly progress: TailProgress;
  private readonly catchUp: CatchUp;
  private readonly bell = new Bell();
  private readonly halt = new AbortController(); // Ends what it waits for; why, `endReason` says.
  private readonly startedMs: number;
  private sentMs = Number.NEGATIVE_INFINITY; // The first answer is a heartbeat: it says where the tail begins.
  private liveTail: LiveTail | undefined;
  private isDone = false;
  private cannotRead = false;

  constructor(shared: TailShared, asked: TailAsked, send: Send<typeof TailLogsResponseSchema>, context: CallContext) {
    this.shared = shared;
    this.asked = asked;
    this.sendAnswer = send;
    this.context = context;
    this.startedMs = shared.parts.clock.monotonicMs();
    this.progress = new TailProgress(asked.start, asked.messageBytesMax, shared.live.skipped);
    const { parts, live, readings, turns } = shared;
    this.catchUp = new CatchUp(parts, live, readings, turns, asked, this.progress);
  }

  /** Resolves when it has told its end. @throws the reason of `context.signal`; as `send`. */
  async run(): Promise<void> {
    const { signal, stopping } = this.context;
    const onAbort = () => this.look();
    for (const either of [signal, stopping]) either.addEventListener("abort", onAbort);
    try {
      while (!(await this.step())) signal.throwIfAborted();
    } finally {
      for (const either of [signal, stopping]) either.removeEventListener("abort", onAbort); // `stopping` outlives us.
      this.halt.abort();
      this.catchUp.putDown();
      this.liveTail?.leave();
    }
  }

  /** Looks whether it is to end or to give a sign of life: to be called now and then. */
  look(): void {
    if (this.context.signal.aborted || this.endReason !== undefined) this.halt.abort();
    if (this.halt.signal.aborted || this.isHeartbeatDue) this.bell.ring();
  }

  /** True when it is over. */
  private async step(): Promise<boolean> {
    this.context.signal.throwIfAborted();
    const end = this.endReason;
    if (end !== undefined) {
      await this.send(endAnswer(end, this.progress.repeats, this.cursor), 0);
      return true;
    }
    if (this.isHeartbeatDue) await this.sendHeartbeat(this.cursor);
    else if (this.liveTail) await this.stepLive(this.liveTail);
    else await this.stepCatchUp();
    return false;
  }

  private async stepLive(live: LiveTail): Promise<void> {
    const answer = this.newAnswer();
    const lost = live.take(answer);
    if (!answer.isEmpty) return this.send(recordsAnswer(answer.logs, this.cursor), answer.bytes);
    if (lost) return this.sendSkipped("log_retention", live.skipLost(lost));
    const lag = live.skipLag();
    if (lag) return this.sendSkipped("slow_reader", lag);
    await this.bell.heard();
  }

  private async stepCatchUp(): Promise<void> {
    const answer = this.newAnswer();
    const lost = await this.readOn(answer);
    if (!answer.isEmpty) await this.send(recordsAnswer(answer.logs, this.cursor), answer.bytes);
    else if (lost) await this.skipLost(lost);
    else if (this.catchUp.hasCaughtUp) this.join();
  }

  /** Undefined where it cannot go on, or must not: then there is an end to tell. */
  private async readOn(answer: TailAnswer): Promise<LostRange | undefined> {
    const cursor = this.cursor; // What is gathered is not told yet: until then the tail stands where it stood.
    try {
      return await this.whileAlive(this.catchUp.step(answer, this.halt.signal), cursor);
    } catch (reason) {
      if (isKind(reason, "log_unavailable")) this.cannotRead = true;
      else if (!this.halt.signal.aborted || reason !== this.halt.signal.reason) throw reason;
      return undefined;
    }
  }

  /** At once where it is seen that it has caught up: nothing comes between. */
  private join(): void {
    const { tenant, condition, until } = this.asked;
    if (until) this.isDone = true;
    else this.liveTail = new LiveTail(this.shared.live, tenant, condition, this.progress, () => this.bell.ring());
  }

  private skipLost({ partition, lostUntil }: LostRange): Promise<void> {
    const from = this.progress.places.map((place) => ({ ...place }));
    const until = from.map((place, at) => (at === partition ? { offset: lostUntil, index: 0 } : place));
    this.progress.skip(from, until);
    return this.sendSkipped("log_retention", { from, until, records: undefined });
  }

  private async sendSkipped(reason: MissedRange["reason"], range: SkippedRange | undefined): Promise<void> {
    if (!range) return;
    const [fromCursor, untilCursor] = [this.cursorOf(range.from), this.cursorOf(range.until)];
    await this.send(laggedAnswer({ reason, fromCursor, untilCursor, records: range.records }), 0);
  }

  /** The work's outcome; signs of life go out meanwhile, with that cursor. */
  private async whileAlive<Value>(work: Promise<Value>, cursor: string): Promise<Value> {
    let isOver = false;
    const over = () => {
      isOver = true;
      this.bell.ring();
    };
    work.then(over, over);
    while (!isOver) {
      await this.bell.heard();
      if (!isOver && this.isHeartbeatDue && !this.halt.signal.aborted) await this.sendHeartbeat(cursor);
    }
    return work;
  }

  private sendHeartbeat(cursor: string): Promise<void> {
    return this.send(heartbeatAnswer(this.shared.parts.clock.nowMs(), this.progress.repeats, cursor), 0);
  }

  private async send(answer: TailLogsResponse, bytes: number): Promise<void> {
    await this.shared.room.during(bytes, () => this.sendAnswer(answer));
    this.sentMs = this.shared.parts.clock.monotonicMs();
  }

  private newAnswer(): TailAnswer {
    return new TailAnswer(this.shared.room.answerBytesMax);
  }

  private get cursor(): string {
    if (this.liveTail?.hasEverything()) return this.shared.live.cursor;
    return this.cursorOf(this.liveTail ? this.liveTail.places() : this.progress.places);
  }

  private cursorOf(places: readonly TailPlace[]): string {
    return tailCursor({ logId: this.shared.live.logId, places });
  }

  private get isHeartbeatDue(): boolean {
    return this.shared.parts.clock.monotonicMs() - this.sentMs >= TAIL_HEARTBEAT_MS;
  }

  private get endReason(): TailEndReason | undefined {
    if (this.isDone) return "done";
    if (this.context.stopping.aborted) return "stopping";
    if (this.cannotRead || this.shared.live.failure !== undefined) return "log_unavailable";
    return this.shared.parts.clock.monotonicMs() - this.startedMs >= TAIL_MS_MAX ? "time_up" : undefined;
  }
}
