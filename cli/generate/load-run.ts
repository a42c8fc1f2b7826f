import { fullJitterMs } from "../../services/domain/full-jitter.ts";
import { GENERATE_REQUEST_MS_MAX } from "../../services/domain/limits.ts";
import type { Answer, LoadTarget } from "./load-target.ts";
import type { LoadTotals } from "./load-totals.ts";
import type { LoadClock, LoadWork } from "./open-loop.ts";

type Later = Answer & { kind: "later" };

/** How a run sends. */
export interface LoadRunSettings {
  requestsPerSecond: number;
  recordsPerRequest: number;
  /** Of the whole run; the last request has what is left. */
  recordsMax: number | undefined;
}

/** What a run needs from outside. */
export interface LoadRunParts {
  clock: LoadClock;
  /** Milliseconds since 1970, for the times of records. */
  wallMs(): number;
  /** 0 to 1. Not the seeded one: waits must not change what is sent. */
  random(): number;
  /** Nothing is tried again, and nobody waits for that. */
  stop: AbortSignal;
  /** Is told of the first answer of each name that is no success. */
  onTrouble(answer: Answer & { kind: "later" | "refused" }): void;
  /** Nothing was ever answered, and the server cannot be reached. */
  onUnreachable(answer: Later): void;
}

/**
 * Sends each request until it is settled: what may pass later is sent again, after the wait that the server asks for (during
 * which nothing else is begun) or a random one, for GENERATE_REQUEST_MS_MAX in all.
 */
export class LoadRun<Body> implements LoadWork {
  private readonly target: LoadTarget<Body>;
  private readonly settings: LoadRunSettings;
  private readonly totals: LoadTotals;
  private readonly parts: LoadRunParts;
  private heldMs = 0;

  constructor(target: LoadTarget<Body>, settings: LoadRunSettings, totals: LoadTotals, parts: LoadRunParts) {
    this.target = target;
    this.settings = settings;
    this.totals = totals;
    this.parts = parts;
  }

  heldUntilMs(): number {
    return this.heldMs;
  }

  skip(count: number): void {
    this.totals.skipped += count;
  }

  late(): void {
    this.totals.late++;
  }

  async start(dueMs: number): Promise<void> {
    const { recordsPerRequest, recordsMax = Number.POSITIVE_INFINITY, requestsPerSecond } = this.settings;
    const records = Math.min(recordsPerRequest, recordsMax - this.totals.records);
    const toMs = this.parts.wallMs() - (this.parts.clock.nowMs() - dueMs);
    const body = this.target.draw(records, { fromMs: toMs - 1_000 / requestsPerSecond, toMs });
    this.totals.begin(records);
    await this.deliver(body, records, dueMs);
  }

  private async deliver(body: Body, records: number, dueMs: number): Promise<void> {
    const { clock } = this.parts;
    const endMs = clock.nowMs() + GENERATE_REQUEST_MS_MAX;
    let mayBeKept = false;
    for (let tries = 1; ; tries++) {
      const answer = await this.send(body, records);
      if (answer.kind === "kept") {
        this.totals.keep(answer, clock.nowMs() - dueMs, mayBeKept && !this.target.isIdentified);
        return;
      }
      mayBeKept ||= answer.kind === "later" && answer.mayBeKept;
      if (answer.kind === "refused" || !(await this.waitForNextTry(answer, tries, endMs))) {
        this.totals.fail(answer, records, mayBeKept);
        return;
      }
      this.totals.repeats++;
    }
  }

  /** False where there is none: it would come too late, or the run is to end. */
  private async waitForNextTry(answer: Later, tries: number, endMs: number): Promise<boolean> {
    const { clock, stop } = this.parts;
    const waitMs = this.waitOf(answer, tries);
    if (clock.nowMs() + waitMs > endMs) return false;
    await clock.sleep(waitMs, stop);
    return !stop.aborted;
  }

  private async send(body: Body, records: number): Promise<Answer> {
    const answer = await this.target.send(body, records);
    const isFirst = this.totals.answer(answer);
    if (answer.kind === "kept") return answer;
    if (answer.kind === "later" && answer.isUnreachable && !this.totals.isAnswered) this.parts.onUnreachable(answer);
    else if (isFirst) this.parts.onTrouble(answer);
    return answer;
  }

  /** A wait that the server asks for holds everything; without, only this request waits. */
  private waitOf({ waitMs }: Later, tries: number): number {
    if (waitMs === undefined) return fullJitterMs(tries, this.parts.random());
    this.heldMs = Math.max(this.heldMs, this.parts.clock.nowMs() + waitMs);
    return waitMs;
  }
}
