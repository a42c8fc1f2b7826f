import { LogPulseError } from "../../domain/errors.ts";
import { TAIL_FETCH_LANES_MAX } from "../../domain/limits.ts";
import type { KafkaConnection } from "./brokers-in-turn.ts";
import { logUnavailable } from "./errors.ts";
import { FetchLane } from "./fetch-lane.ts";

const IDLE_MAX = 16; // More than that are needed for moments only.

/** As many lanes as there are requests at a time, up to a bound; beyond it requests wait for their turn. */
export class FetchLanes {
  private readonly connection: KafkaConnection;
  private readonly topic: string;
  private readonly all = new Set<FetchLane>();
  private readonly idle: FetchLane[] = [];
  private readonly lanesMax: number;
  private readonly waiting = new Set<() => void>();
  private inUse = 0;
  private readonly closing = new AbortController();

  constructor(connection: KafkaConnection, topic: string, lanesMax = TAIL_FETCH_LANES_MAX) {
    this.connection = connection;
    this.topic = topic;
    this.lanesMax = lanesMax;
  }

  /**
   * Does the work on a lane that nobody else uses. Where it fails, its lane is given up: the next one begins with new
   * connections, and asks anew who leads.
   *
   * `asked`: what the log cannot do then, as in "Kafka could not …".
   *
   * @throws LogPulseError `log_unavailable`, and at once the reason of the signal: the request is left to end by itself.
   */
  async use<Answer>(asked: string, signal: AbortSignal, work: (lane: FetchLane) => Promise<Answer>): Promise<Answer> {
    const either = AbortSignal.any([signal, this.closing.signal]);
    either.throwIfAborted();
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = () => reject(either.reason);
    either.addEventListener("abort", abort, { once: true });
    const done = this.inTurn(either, () => this.onLane(asked, work));
    try {
      return await Promise.race([done, aborted]); // The race handles the loser's rejection.
    } finally {
      either.removeEventListener("abort", abort);
    }
  }

  /** Ends what is under way with `log_unavailable`. */
  async close(): Promise<void> {
    this.closing.abort(new LogPulseError("log_unavailable", "the log is not followed any more"));
    this.idle.length = 0;
    await Promise.all([...this.all].map((lane) => this.giveUp(lane)));
  }

  private async inTurn<Answer>(signal: AbortSignal, request: () => Promise<Answer>): Promise<Answer> {
    await this.turn(signal);
    try {
      signal.throwIfAborted();
      return await request();
    } finally {
      this.inUse--;
      const [next] = this.waiting;
      next?.();
    }
  }

  private async onLane<Answer>(asked: string, work: (lane: FetchLane) => Promise<Answer>): Promise<Answer> {
    const lane = this.idle.pop() ?? this.newLane();
    try {
      const answer = await work(lane);
      if (this.all.has(lane) && this.idle.length < IDLE_MAX) this.idle.push(lane);
      else void this.giveUp(lane);
      return answer;
    } catch (reason) {
      void this.giveUp(lane);
      throw logUnavailable(asked, reason);
    }
  }

  /** Resolves when this request may have a lane, and counts it. @throws the signal's reason. */
  private async turn(signal: AbortSignal): Promise<void> {
    if (this.inUse < this.lanesMax) {
      this.inUse++;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        this.waiting.delete(go);
        signal.removeEventListener("abort", giveUp);
      };
      const go = () => {
        leave();
        this.inUse++;
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

  private newLane(): FetchLane {
    const lane = new FetchLane(this.connection, this.topic);
    this.all.add(lane);
    return lane;
  }

  private async giveUp(lane: FetchLane): Promise<void> {
    this.all.delete(lane);
    await lane.close();
  }
}
