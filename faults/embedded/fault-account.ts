import { type CheckResult, resultLine } from "../checker/check-result.ts";
import type { Load } from "../load/load.ts";
import { MemoryPeaks } from "../scene/memory-peaks.ts";
import { type Recovery, recoveryOf } from "../scene/recovery.ts";
import type { FaultResult } from "../scene/run-fault.ts";
import type { EmbeddedFault, EmbeddedSettings } from "./embedded-fault.ts";
import type { EmbeddedSite } from "./embedded-site.ts";
import { sumOfChecks } from "./sum-of-checks.ts";

/** What a run of an embedded fault comes to, while it goes on: made at its beginning, and a result at its end. */
export class FaultAccount {
  /** Why the run has failed, beside what the checker says. */
  readonly problems: string[] = [];
  /** What the fault did. */
  readonly notes: Record<string, number | string> = {};
  readonly recovery: Recovery = { drainedMs: 0, longestSilenceMs: 0 };
  private readonly fault: EmbeddedFault;
  private readonly settings: EmbeddedSettings;
  private readonly beganMs = performance.now();
  private readonly memory: MemoryPeaks;
  private readonly finished: CheckResult[] = [];
  private site: EmbeddedSite | undefined;

  constructor(fault: EmbeddedFault, settings: EmbeddedSettings) {
    this.fault = fault;
    this.settings = settings;
    this.memory = new MemoryPeaks(() => (this.site?.process.isAlive ? [this.site.process] : []));
    settings.tell(`${fault.name}: seed ${settings.seed}, ${settings.rounds} rounds`);
  }

  /** False once anything was found. */
  get isGood(): boolean {
    return this.problems.length === 0;
  }

  /** The process whose memory is watched from now on. */
  watch(site: EmbeddedSite): void {
    this.site = site;
  }

  /** A load is over. `readyAt`: when, in it, nothing was in its way any more, by performance.now(). */
  loaded({ ackTimes }: Load, readyAt: readonly number[] = []): void {
    const { firstAckMs, longestSilenceMs } = recoveryOf(ackTimes, readyAt, 0, 0);
    const { recovery } = this;
    if (firstAckMs !== undefined) recovery.firstAckMs = Math.max(recovery.firstAckMs ?? 0, firstAckMs);
    recovery.longestSilenceMs = Math.max(recovery.longestSilenceMs, longestSilenceMs);
  }

  /** Waits until everything is settled, then checks; what is wrong is noted. */
  async settledAndChecked(site: EmbeddedSite): Promise<CheckResult> {
    const beganMs = performance.now();
    await site.settled();
    this.recovery.drainedMs = Math.max(this.recovery.drainedMs, Math.round(performance.now() - beganMs));
    return this.note(await site.check());
  }

  /** What the checker has said in between. */
  note(check: CheckResult): CheckResult {
    this.settings.tell(resultLine(check));
    for (const sample of check.samples) this.settings.tell(`  ${sample}`);
    this.problems.push(...check.problems);
    return check;
  }

  /** The last word on a folder, which counts. */
  finish(check: CheckResult): void {
    this.finished.push(check);
  }

  /** Call nothing afterwards. */
  result(): FaultResult {
    this.memory.stop();
    this.settings.tell(`${this.isGood ? "passed" : "FAILED"}: ${JSON.stringify({ ...this.notes, ...this.recovery })}`);
    const { name, summary } = this.fault;
    const peaks = [...this.memory.peaks].map(([kind, bytes]) => [kind, Math.ceil(bytes / 2 ** 20)]);
    return {
      ...{ fault: name, summary, ok: this.isGood, problems: this.problems, seed: this.settings.seed },
      seconds: Math.round((performance.now() - this.beganMs) / 100) / 10,
      recovery: this.recovery,
      peakMemoryMiB: Object.fromEntries(peaks),
      notes: this.notes,
      check: sumOfChecks(this.finished),
    };
  }
}
