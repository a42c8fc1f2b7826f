import { isKind, LogPulseError } from "../domain/errors.ts";
import {
  APPEND_PAUSE_MS,
  APPEND_QUEUE_BATCHES_MAX,
  APPEND_QUEUE_BYTES_MAX,
  JOINED_BATCHES_MAX,
  JOINED_BYTES_MAX,
  PAUSED_BATCHES_MIN,
  PAUSED_BYTES_MAX,
} from "../domain/limits.ts";
import type { TraceHeaders } from "../domain/trace-headers.ts";
import type { Clock } from "../ports/clock.ts";
import type { EventLog } from "../ports/event-log.ts";

const FULL_QUEUE_RETRY_MS = 1_000;

/** What waits or is under way. */
interface Held {
  batches: number;
  bytes: number;
}

interface Waiting {
  partition: number;
  batch: Uint8Array;
  signal: AbortSignal;
  trace: TraceHeaders | undefined;
  kept: () => void;
  failed: (reason: unknown) => void;
}

/**
 * Appends batches to the event log, joined: while one append of a partition is under way, whatever arrives for that
 * partition waits and goes with the next one, up to JOINED_BATCHES_MAX and JOINED_BYTES_MAX (a larger batch goes alone).
 * At one caller this costs nothing; at many it turns hundreds of small appends into one.
 *
 * An append costs about the same whatever it holds. So while many small batches come, the next one waits two milliseconds
 * for more of them, all partitions together (Kafka's own client waits for five, busy or not: KIP-1030).
 *
 * One append per partition at a time: batches keep the order in which they were passed.
 *
 * A partition may hold as much of the queue as is left to the others, so one whose leader does not answer holds half of it
 * and not all (the dynamic thresholds of Choudhury and Hahne, 1998, with a factor of one).
 */
export class JoinedAppender {
  private readonly log: EventLog;
  private readonly queues: Waiting[][];
  private readonly busy: boolean[];
  private readonly held: Held[]; // By partition.
  private readonly heldByAll: Held = { batches: 0, bytes: 0 };
  private readonly clock: Clock;
  private pause: Promise<void> | undefined;

  constructor(log: EventLog, clock: Clock) {
    this.log = log;
    this.clock = clock;
    this.queues = Array.from({ length: log.partitions }, () => []);
    this.busy = Array.from({ length: log.partitions }, () => false);
    this.held = Array.from({ length: log.partitions }, () => ({ batches: 0, bytes: 0 }));
  }

  /** What waits or is under way. */
  get queued(): Held {
    return { ...this.heldByAll };
  }

  /**
   * Resolves once the log keeps the batch.
   *
   * `signal`: a caller that has gone takes its batch out of the queue; one that is already on its way is let go.
   * `trace`: goes with the batch, for those who follow it.
   *
   * @throws LogPulseError `overloaded`: the queue is full, or this partition's part of it; nothing was kept.
   * @throws LogPulseError `log_unavailable`, `invalid_batch` as EventLog.append; `cancelled`.
   */
  append(partition: number, batch: Uint8Array, signal: AbortSignal, trace?: TraceHeaders): Promise<void> {
    const refusal = this.refusalOf(partition, batch.length);
    if (refusal !== undefined) {
      return Promise.reject(new LogPulseError("overloaded", refusal, { retryAfterMs: FULL_QUEUE_RETRY_MS }));
    }
    this.count(partition, 1, batch.length);
    const settled = new Promise<void>((kept, failed) => {
      this.queues[partition]!.push({ partition, batch, signal, trace, kept, failed });
    });
    if (!this.busy[partition]) void this.drain(partition);
    return settled;
  }

  /** Why the queue does not take these bytes for the partition, or undefined where it does. */
  private refusalOf(partition: number, bytes: number): string | undefined {
    const { heldByAll } = this;
    const free = {
      batches: APPEND_QUEUE_BATCHES_MAX - heldByAll.batches - 1,
      bytes: APPEND_QUEUE_BYTES_MAX - heldByAll.bytes - bytes,
    };
    if (free.batches < 0 || free.bytes < 0) {
      return `the queue to the log is full: ${heldByAll.batches} batches, ${heldByAll.bytes} bytes wait`;
    }
    const held = this.held[partition]!;
    if (this.held.length === 1 || (held.batches <= free.batches && held.bytes <= free.bytes)) return undefined;
    return (
      `of the queue to the log partition ${partition} has its part: ${held.batches} batches, ${held.bytes} bytes wait ` +
      `for it, and ${free.batches} and ${free.bytes} are left to all others`
    );
  }

  /** Appends until the partition's queue is empty. Never rejects: each batch's own promise tells. */
  private async drain(partition: number): Promise<void> {
    this.busy[partition] = true;
    const queue = this.queues[partition]!;
    let waits = false;
    while (queue.length > 0) {
      if (waits && queue.length < JOINED_BATCHES_MAX) await this.pauseTogether();
      const joined = this.takeJoined(queue);
      waits = areManySmall(joined);
      if (joined.length > 0) await this.appendTogether(partition, joined, queue);
    }
    this.busy[partition] = false;
  }

  /** Whoever comes during a pause waits for its rest only: appends that go on together can share a request. */
  private pauseTogether(): Promise<void> {
    this.pause ??= this.clock.sleep(APPEND_PAUSE_MS).then(() => {
      this.pause = undefined;
    });
    return this.pause;
  }

  private takeJoined(queue: Waiting[]): Waiting[] {
    let count = 0;
    let bytes = 0;
    while (count < queue.length && count < JOINED_BATCHES_MAX) {
      bytes += queue[count]!.batch.length;
      if (count > 0 && bytes > JOINED_BYTES_MAX) break;
      count++;
    }
    return queue.splice(0, count).filter((waiting) => this.isHere(waiting));
  }

  /** Whether its caller still waits; where not, it leaves. */
  private isHere(waiting: Waiting): boolean {
    if (!waiting.signal.aborted) return true;
    const gone = new LogPulseError("cancelled", "the caller has gone before the batch was sent to the log");
    this.leave(waiting).failed(gone);
    return false;
  }

  /** Gives the error where the log does not answer. Never rejects. */
  private async appendTogether(
    partition: number,
    joined: Waiting[],
    queue: Waiting[],
  ): Promise<LogPulseError | undefined> {
    const behind = queue.length;
    try {
      await this.log.append(
        partition,
        joined.map((waiting) => waiting.batch),
        tracesOf(joined),
      );
      for (const waiting of joined) this.leave(waiting).kept();
      return undefined;
    } catch (reason) {
      // One batch that the log refuses must not take its neighbours with it.
      if (joined.length > 1 && isKind(reason, "invalid_batch")) return this.appendHalves(partition, joined, queue);
      // Who has waited behind a log that does not answer hears of it now, not after a time-out of his own.
      const away = isKind(reason, "log_unavailable") ? reason : undefined;
      for (const waiting of away ? [...joined, ...queue.splice(0, behind)] : joined) this.leave(waiting).failed(reason);
      return away;
    }
  }

  /** The same in two halves, down to single batches; a log that goes away meanwhile is waited for once. */
  private async appendHalves(partition: number, joined: Waiting[], queue: Waiting[]) {
    const middle = joined.length >> 1;
    const halves = [joined.slice(0, middle), joined.slice(middle)];
    for (const [index, half] of halves.entries()) {
      const here = half.filter((waiting) => this.isHere(waiting));
      const away = here.length > 0 ? await this.appendTogether(partition, here, queue) : undefined;
      if (away === undefined) continue;
      for (const waiting of halves.slice(index + 1).flat()) this.leave(waiting).failed(away);
      return away;
    }
    return undefined;
  }

  private leave(waiting: Waiting): Waiting {
    this.count(waiting.partition, -1, -waiting.batch.length);
    return waiting;
  }

  private count(partition: number, batches: number, bytes: number): void {
    for (const held of [this.heldByAll, this.held[partition]!]) {
      held.batches += batches;
      held.bytes += bytes;
    }
  }
}

function areManySmall(joined: readonly Waiting[]): boolean {
  return (
    joined.length >= PAUSED_BATCHES_MIN &&
    joined.reduce((bytes, { batch }) => bytes + batch.length, 0) <= PAUSED_BYTES_MAX
  );
}

/** Undefined where none of them is followed, as nearly always. */
function tracesOf(joined: readonly Waiting[]): (TraceHeaders | undefined)[] | undefined {
  return joined.some(({ trace }) => trace !== undefined) ? joined.map(({ trace }) => trace) : undefined;
}
