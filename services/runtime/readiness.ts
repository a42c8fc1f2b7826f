import { setTimeout as timer } from "node:timers/promises";
import { READY_FAILURES_IN_ROW } from "../domain/limits.ts";

/** Something a service needs in order to answer. */
export interface ReadinessCheck {
  /** "event log", "records in MySQL": stands in /readyz. */
  name: string;
  /** The services that cannot answer without it, by full name: "logpulse.v1.IngestService". */
  services: readonly string[];
  /** Resolves if it can be used now. Longer than READY_CHECK_MS_MAX counts as no. */
  check(): Promise<void>;
}

/** A check that did not pass, and why in one sentence. */
export interface NotReady {
  name: string;
  reason: string;
}

/** What is ready, as of the last look; and nothing is once the process announces that it stops. */
export class Readiness {
  private readonly checks: readonly ReadinessCheck[];
  private readonly checkMsMax: number;
  private running: Promise<NotReady[]> | undefined;
  /** By the check's name: looks in a row that failed. A check that never passed has no entry. */
  private readonly failuresInRow = new Map<string, number>();
  private looked = false;
  private stopping = false;
  private draining = false;
  private readonly watchers = new Set<() => void>();

  constructor(checks: readonly ReadinessCheck[], checkMsMax: number) {
    this.checks = checks;
    this.checkMsMax = checkMsMax;
  }

  /** Runs all checks now; those who ask meanwhile get the same answer. Empty: all pass and the process takes calls. */
  async look(): Promise<NotReady[]> {
    this.running ??= this.runAll().finally(() => {
      this.running = undefined;
    });
    const failed = await this.running;
    return this.stopping ? [{ name: "process", reason: "it is stopping" }, ...failed] : failed;
  }

  /**
   * Whether a service, or with "" the process, takes calls; undefined if there is no such service.
   *
   * A check that has passed counts as failed from READY_FAILURES_IN_ROW looks in a row on: a store that is slow for a
   * moment, most likely for all replicas alike, must not take the whole service away from its callers.
   */
  isServing(service: string, known: ReadonlySet<string>): boolean | undefined {
    if (service === "") return !this.stopping;
    if (!known.has(service)) return undefined;
    if (this.stopping || !this.looked) return false;
    const needed = this.checks.filter((check) => check.services.includes(service));
    return needed.every(({ name }) => (this.failuresInRow.get(name) ?? READY_FAILURES_IN_ROW) < READY_FAILURES_IN_ROW);
  }

  /** Those of the process's services that take no calls, by the rule of `isServing`; all of them once it has announced that it stops. */
  notServing(services: ReadonlySet<string>): string[] {
    return [...services].filter((service) => !this.isServing(service, services));
  }

  /** From now on nothing is ready, though calls are still served. */
  announceStop(): void {
    this.stopping = true;
    for (const watcher of this.watchers) watcher();
  }

  /** The same, and those who watch are to end. */
  drain(): void {
    this.draining = true;
    this.announceStop();
  }

  /** It has announced that it stops, or stops. */
  get isStopping(): boolean {
    return this.stopping;
  }

  get isDraining(): boolean {
    return this.draining;
  }

  /** Calls back after each look, at the announcement and at draining, until the returned function is called. */
  watch(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  private async runAll(): Promise<NotReady[]> {
    const results = await Promise.all(this.checks.map((check) => this.run(check)));
    const failed = results.filter((result) => result !== undefined);
    this.looked = true;
    const failedNames = new Set(failed.map(({ name }) => name));
    for (const { name } of this.checks) {
      const inRow = this.failuresInRow.get(name);
      if (!failedNames.has(name)) this.failuresInRow.set(name, 0);
      else if (inRow !== undefined) this.failuresInRow.set(name, inRow + 1);
    }
    for (const watcher of this.watchers) watcher();
    return failed;
  }

  private async run(needed: ReadinessCheck): Promise<NotReady | undefined> {
    const { name } = needed;
    const giveUp = new AbortController();
    const late = timer(this.checkMsMax, "late", { signal: giveUp.signal });
    late.catch(() => undefined); // Given up below.
    try {
      const result = await Promise.race([needed.check(), late]);
      return result === "late" ? { name, reason: `no answer within ${this.checkMsMax} ms` } : undefined;
    } catch (reason) {
      return { name, reason: reason instanceof Error ? reason.message : String(reason) };
    } finally {
      giveUp.abort();
    }
  }
}
