import type { TailLogsRequest, TailLogsResponseSchema } from "../../../gen/logpulse/v1/query_service_pb.ts";
import { LogPulseError } from "../../domain/errors.ts";
import { TAIL_LOOK_EVERY_MS } from "../../domain/limits.ts";
import type { CallContext, Send } from "../../ports/service-handlers.ts";
import { AnswerRoom } from "./answer-room.ts";
import { HistoryReadings } from "./history-readings.ts";
import { LiveLog, type TailParts } from "./live-log.ts";
import { orAborted } from "./or-aborted.ts";
import { readTailRequest } from "./read-tail-request.ts";
import { Tail } from "./tail.ts";
import { TAIL_BOUNDS, type TailBounds } from "./tail-bounds.ts";
import { tailStart } from "./tail-start.ts";
import { Turns } from "./turns.ts";

const FULL_RETRY_MS = 5_000;

/** One live log, and the tails that hang on it. */
interface Following {
  live: Promise<LiveLog>;
  /** Tails that hang on it, or wait for it. */
  users: number;
  tails: Set<Tail>;
  stop: AbortController;
  /** Looks after the tails until `stop`. */
  looking: Promise<void>;
}

/** All tails of a process. The log is followed while there are any. */
export class Tails {
  private readonly parts: TailParts;
  private readonly bounds: TailBounds;
  private readonly readings: HistoryReadings;
  private readonly room: AnswerRoom;
  private readonly turns: Turns;
  private following: Following | undefined;
  private count = 0;
  private readonly countByClient = new Map<string, number>();

  constructor(parts: TailParts, bounds: Partial<TailBounds> = {}) {
    this.parts = parts;
    this.bounds = { ...TAIL_BOUNDS, ...bounds };
    this.readings = new HistoryReadings(this.bounds);
    this.room = new AnswerRoom(this.bounds);
    this.turns = new Turns(parts.clock);
  }

  /** How many there are now. */
  get open(): number {
    return this.count;
  }

  /**
   * One tail, until it has told its end.
   *
   * @throws LogPulseError `invalid_request`; `overloaded`: there are TAILS_MAX, or TAILS_PER_CLIENT_MAX of this client;
   *   `log_unavailable` before its first answer: afterwards it says so in its last one. The reason of `context.signal`.
   */
  async tail(request: TailLogsRequest, send: Send<typeof TailLogsResponseSchema>, context: CallContext): Promise<void> {
    const asked = readTailRequest(request);
    this.comeIn(context.client);
    const following = this.join();
    try {
      const { parts, readings, room, turns } = this;
      const live = await orAborted(following.live, context.signal);
      const started = await tailStart(parts, live, readings, context.tenant, asked, context.signal);
      const tail = new Tail({ parts, live, readings, room, turns }, started, send, context);
      following.tails.add(tail);
      await tail.run().finally(() => following.tails.delete(tail));
    } finally {
      this.goOut(context.client);
      await this.leave(following);
    }
  }

  /** Counts one tail more. @throws LogPulseError `overloaded`. */
  private comeIn(client: string): void {
    const { tailsMax, tailsPerClientMax } = this.bounds;
    const ofClient = this.countByClient.get(client) ?? 0;
    if (this.count >= tailsMax) throw full(`${this.count} tails are open in this process`);
    if (ofClient >= tailsPerClientMax) throw full(`${ofClient} tails of this client are open in this process`);
    this.count++;
    this.countByClient.set(client, ofClient + 1);
  }

  private goOut(client: string): void {
    this.count--;
    const left = this.countByClient.get(client)! - 1;
    if (left > 0) this.countByClient.set(client, left);
    else this.countByClient.delete(client);
  }

  private join(): Following {
    this.following ??= this.follow();
    this.following.users++;
    return this.following;
  }

  private follow(): Following {
    const stop = new AbortController();
    const tails = new Set<Tail>();
    const lookAtAll = () => tails.forEach((tail) => void tail.look());
    const live = LiveLog.begin(this.parts, this.bounds, stop.signal, () => {
      if (this.following === following) this.following = undefined; // The next tail begins anew.
      lookAtAll();
    });
    const following = { live, users: 0, tails, stop, looking: this.lookNowAndThen(lookAtAll, stop.signal) };
    live.catch(() => {
      if (this.following === following) this.following = undefined; // Who waits for it is told by the promise itself.
    });
    return following;
  }

  /** The reading ends with its last tail. */
  private async leave(following: Following): Promise<void> {
    following.users--;
    if (following.users > 0) return;
    if (this.following === following) this.following = undefined;
    following.stop.abort();
    await following.looking;
    const live = await following.live.catch(() => undefined);
    await live?.stop();
  }

  /** One timer for all tails, and not one for each answer. Never rejects. */
  private async lookNowAndThen(lookAtAll: () => void, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.parts.clock.sleep(TAIL_LOOK_EVERY_MS, signal).catch(() => undefined); // Only because it was aborted.
      lookAtAll();
    }
  }
}

function full(what: string): LogPulseError {
  return new LogPulseError("overloaded", `${what}, which is the limit`, { retryAfterMs: FULL_RETRY_MS });
}
