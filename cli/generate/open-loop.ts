import {
  GENERATE_BEHIND_MS_MAX,
  GENERATE_LATE_MS_MAX,
  GENERATE_REQUESTS_IN_FLIGHT_MAX,
} from "../../services/domain/limits.ts";

/** When requests are due. Undefined: without end. */
export interface LoadSchedule {
  requestsPerSecond: number;
  /** So many are started, however long that takes. */
  requestsMax: number | undefined;
  /** None is due later than that behind the beginning. */
  durationMs: number | undefined;
}

/** A clock that never goes back; when it began does not matter. */
export interface LoadClock {
  nowMs(): number;
  /** Resolves after that time, or when `signal` is aborted. Never throws. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** What is done with requests that are due. */
export interface LoadWork {
  /** Sends a request. `dueMs`: when it should have begun, by the clock. Resolves when it is settled; never throws. */
  start(dueMs: number): Promise<void>;
  /** Until when nothing may be started, by the clock: a server has asked for a pause. */
  heldUntilMs(): number;
  /** Is told of requests that are given up before they begin. */
  skip(count: number): void;
  /** Is told of a request that begins more than GENERATE_LATE_MS_MAX behind its time. */
  late(): void;
}

/**
 * Starts requests when they are due, however long others take: an open loop. So a server that stalls is seen as its
 * clients would see it, and not as one that was left alone meanwhile.
 *
 * At most GENERATE_REQUESTS_IN_FLIGHT_MAX are on their way; one that is due while there is no room, or during a pause,
 * waits, and is skipped when it is GENERATE_BEHIND_MS_MAX behind its time. `requestsMax` does not count those.
 */
export class OpenLoop {
  private readonly schedule: LoadSchedule;
  private readonly work: LoadWork;
  private readonly clock: LoadClock;
  private readonly intervalMs: number;
  private readonly settling = new Set<Promise<void>>();
  private beganMs = 0;
  private slot = 0; // Of the next request that is due.
  private started = 0;
  private wake = () => {};

  constructor(schedule: LoadSchedule, work: LoadWork, clock: LoadClock) {
    this.schedule = schedule;
    this.work = work;
    this.clock = clock;
    this.intervalMs = 1_000 / schedule.requestsPerSecond;
  }

  /** Requests on their way. */
  get inFlight(): number {
    return this.settling.size;
  }

  /** Resolves when the schedule is over, or ended by `signal`, and all that were started are settled. */
  async run(signal: AbortSignal): Promise<void> {
    const onAbort = () => this.wake();
    signal.addEventListener("abort", onAbort);
    this.beganMs = this.clock.nowMs();
    while (!signal.aborted && !this.isOver) {
      const waitMs = this.step();
      if (waitMs > 0) await this.sleep(waitMs);
    }
    signal.removeEventListener("abort", onAbort);
    await Promise.all(this.settling);
  }

  private get isOver(): boolean {
    const { requestsMax = Number.POSITIVE_INFINITY } = this.schedule;
    return this.started >= requestsMax || this.slot >= this.slotsMax;
  }

  /** How many are due within the whole time. */
  private get slotsMax(): number {
    const { durationMs } = this.schedule;
    return durationMs === undefined ? Number.POSITIVE_INFINITY : Math.ceil(durationMs / this.intervalMs);
  }

  /** Does what is to be done now. @returns how long there is nothing to do; less where a request is settled before. */
  private step(): number {
    const nowMs = this.clock.nowMs();
    const dueMs = this.beganMs + this.slot * this.intervalMs;
    const behindMs = nowMs - dueMs;
    if (behindMs < 0) return -behindMs;
    const patienceMs = GENERATE_BEHIND_MS_MAX - behindMs;
    if (patienceMs < 0) return this.skip(-patienceMs);
    const heldMs = this.work.heldUntilMs() - nowMs;
    if (heldMs > 0) return Math.min(heldMs, patienceMs + 1);
    if (this.settling.size >= GENERATE_REQUESTS_IN_FLIGHT_MAX) return patienceMs + 1;
    if (behindMs > GENERATE_LATE_MS_MAX) this.work.late();
    this.start(dueMs);
    return 0;
  }

  /** In one step, however many they are: a machine that slept for a night has millions of them. */
  private skip(tooLateMs: number): 0 {
    const count = Math.min(Math.ceil(tooLateMs / this.intervalMs), this.slotsMax - this.slot);
    this.slot += count;
    this.work.skip(count);
    return 0;
  }

  private start(dueMs: number): void {
    this.slot++;
    this.started++;
    const settled = this.work.start(dueMs).finally(() => {
      this.settling.delete(settled);
      this.wake();
    });
    this.settling.add(settled);
  }

  private async sleep(ms: number): Promise<void> {
    const woken = new AbortController();
    this.wake = () => woken.abort();
    await this.clock.sleep(ms, woken.signal);
    this.wake = () => {};
  }
}
