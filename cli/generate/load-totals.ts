import { LatencyHistogram } from "../../services/domain/latency-histogram.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import type { Answer } from "./load-target.ts";

const NANOS_PER_MS = 1_000_000;

/** How often a request had no success, by the name of the answer, and what the first of these said. */
export interface Trouble {
  count: number;
  reason: string;
}

/**
 * What became of all requests and their records, each counted once: records that were sent are accepted, rejected, failed,
 * unknown, or still on their way.
 */
export class LoadTotals {
  /** Requests that were begun, with all their records. */
  requests = 0;
  records = 0;
  /** Tries beside the first of each request. */
  repeats = 0;
  /** Records that the server keeps. */
  accepted = 0;
  /** Records that the server will never keep. */
  rejected = 0;
  firstReject: string | undefined;
  /** Records of requests that were given up, and of which nothing is kept. */
  failed = 0;
  /** The same where the server may have kept them. */
  unknown = 0;
  /** Of the accepted: they may be stored twice, since they have no identity and an earlier try may have been kept. */
  maybeTwice = 0;
  /** Requests that began late. */
  late = 0;
  /** Requests that were due and never began. */
  skipped = 0;
  /** Tries by their answer: "200", "OK", "429", "no answer". */
  readonly answers = new Map<string, number>();
  readonly troubles = new Map<string, Trouble>();
  private readonly latencies = new LatencyHistogram();
  private latencyMsMax = 0;
  private failureCode: ExitCode = EXIT.done;

  begin(records: number): void {
    this.requests++;
    this.records += records;
  }

  /** Counts the answer to one try. @returns true for the first trouble of its name. */
  answer(answer: Answer): boolean {
    const { name } = answer;
    this.answers.set(name, (this.answers.get(name) ?? 0) + 1);
    if (answer.kind === "kept") return false;
    const trouble = this.troubles.get(name);
    if (trouble) trouble.count++;
    else this.troubles.set(name, { count: 1, reason: answer.reason });
    return trouble === undefined;
  }

  /** A request is kept. `latencyMs`: since it was due. `mayBeTwice`: an earlier try may have been kept too. */
  keep(answer: Answer & { kind: "kept" }, latencyMs: number, mayBeTwice: boolean): void {
    this.accepted += answer.accepted;
    this.rejected += answer.rejected;
    this.firstReject ??= answer.firstReject;
    if (mayBeTwice) this.maybeTwice += answer.accepted;
    this.latencies.add(BigInt(Math.round(latencyMs * NANOS_PER_MS)));
    this.latencyMsMax = Math.max(this.latencyMsMax, latencyMs);
  }

  /** A request is given up. `mayBeKept`: by any of its tries. */
  fail(answer: Answer & { kind: "later" | "refused" }, records: number, mayBeKept: boolean): void {
    if (mayBeKept) this.unknown += records;
    else this.failed += records;
    if (this.failureCode === EXIT.done) this.failureCode = answer.exitCode;
  }

  get isAnswered(): boolean {
    return [...this.answers.keys()].some((name) => name !== "no answer");
  }

  /** Of kept requests, from the time when they were due, within 1 %; undefined where there is none. */
  get latencyMs(): { p50: number; p99: number; max: number } | undefined {
    const [p50, p99] = this.latencies.percentiles(50, 99);
    if (p50 === undefined || p99 === undefined) return undefined;
    const atMost = (nanos: number) => Math.min(nanos / NANOS_PER_MS, this.latencyMsMax);
    return { p50: atMost(p50), p99: atMost(p99), max: this.latencyMsMax };
  }

  /** `isInterrupted`: by Ctrl-C. */
  exitCode(isInterrupted: boolean): ExitCode {
    if (this.failed + this.unknown > 0) return isInterrupted ? EXIT.interrupted : this.failureCode;
    return this.rejected > 0 ? EXIT.incomplete : EXIT.done;
  }
}
