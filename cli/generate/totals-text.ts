import { GENERATE_BEHIND_MS_MAX, GENERATE_LATE_MS_MAX } from "../../services/domain/limits.ts";
import { drawnText } from "../terminal/drawn-text.ts";
import { countText, durationText, fullCountText, threeDigits } from "../terminal/number-text.ts";
import type { LoadTotals } from "./load-totals.ts";

/** What a run was, beside its totals. */
export interface RunFacts {
  /** For people: "http://127.0.0.1:8080/upload". */
  target: string;
  seed: number;
  /** From the first request on until the last one was settled. */
  ms: number;
}

/** The totals for people, a fact in each line. */
export function totalsLines(totals: LoadTotals, facts: RunFacts): string[] {
  const row = (name: string, text: string) => `${name.padEnd(9)} ${text}`;
  const full = fullCountText;
  const sent = `${full(totals.records)} records in ${full(totals.requests)} requests`;
  const rates = `${rateText(totals.requests, facts)} requests/s, ${rateText(totals.records, facts)} records/s`;
  return [
    row("sent", `${sent} to ${drawnText(facts.target)}, in ${durationText(facts.ms)}: ${rates}`),
    row("accepted", full(totals.accepted) + (totals.maybeTwice ? `, ${full(totals.maybeTwice)} perhaps twice` : "")),
    row("rejected", full(totals.rejected) + (totals.firstReject ? `: ${drawnText(totals.firstReject)}` : "")),
    row("failed", full(totals.failed)),
    row("unknown", full(totals.unknown) + (totals.unknown ? ": no answer, so they may be kept" : "")),
    ...(totals.repeats ? [row("repeated", `${full(totals.repeats)} requests`)] : []),
    ...troubleLines(totals).map((line) => row("", line)),
    row("latency", latencyText(totals)),
    row("late", lateText(totals)),
    row("seed", String(facts.seed)),
  ];
}

/** The same for programs. */
export function totalsObject(totals: LoadTotals, facts: RunFacts) {
  const { requests, records, accepted, rejected, failed, unknown, maybeTwice, repeats, late, skipped } = totals;
  return {
    target: facts.target,
    seed: facts.seed,
    seconds: Math.round(facts.ms) / 1_000,
    requests,
    records,
    accepted,
    rejected,
    firstReject: totals.firstReject,
    failed,
    unknown,
    maybeTwice,
    repeats,
    late,
    skipped,
    answers: Object.fromEntries(totals.answers),
    latencyMs: totals.latencyMs,
  };
}

/** The same as lines of name and value, apart by a tab. */
export function plainTotals(totals: LoadTotals, facts: RunFacts): string[] {
  return Object.entries(totalsObject(totals, facts)).flatMap(([name, value]) => {
    if (value === undefined) return [];
    if (typeof value !== "object") return [`${name}\t${drawnText(String(value))}`];
    return Object.entries(value).map(([part, count]) => `${name}.${part}\t${count}`);
  });
}

/** What is seen while it runs. `of`: how far it is to go, of 1; undefined without an end. */
export function progressText(totals: LoadTotals, now: { ms: number; of: number | undefined }): string {
  const kept = totals.accepted + totals.rejected;
  const parts = [
    ...(now.of === undefined ? [] : [`${Math.floor(now.of * 100)} %`]),
    `${countText(totals.records)} sent`,
    `${countText(totals.accepted)} accepted`,
    ...(totals.rejected ? [`${countText(totals.rejected)} rejected`] : []),
    ...(totals.failed + totals.unknown ? [`${countText(totals.failed + totals.unknown)} failed`] : []),
    `${countText(totals.records - kept - totals.failed - totals.unknown)} on their way`,
    `${rateText(totals.requests, now)} requests/s`,
    ...(totals.latencyMs ? [`p99 ${durationText(totals.latencyMs.p99)}`] : []),
    ...(totals.skipped ? [`${countText(totals.skipped)} skipped`] : []),
  ];
  return parts.join(" · ");
}

function rateText(count: number, { ms }: { ms: number }): string {
  const perSecond = count / Math.max(ms / 1_000, 0.001);
  return perSecond < 1_000 ? threeDigits(perSecond) : countText(Math.round(perSecond));
}

function troubleLines({ troubles }: LoadTotals): string[] {
  return [...troubles].map(
    ([name, { count, reason }]) => `${name}: ${fullCountText(count)} times, ${drawnText(reason)}`,
  );
}

function latencyText({ latencyMs }: LoadTotals): string {
  if (latencyMs === undefined) return "no request was kept";
  const [p50, p99, max] = [latencyMs.p50, latencyMs.p99, latencyMs.max].map(durationText);
  return `p50 ${p50}, p99 ${p99}, max ${max}, of kept requests, each from the time when it was due`;
}

function lateText({ late, skipped }: LoadTotals): string {
  const began = `${fullCountText(late)} requests began more than ${GENERATE_LATE_MS_MAX} ms behind their time`;
  return `${began}; ${fullCountText(skipped)} were skipped, ${durationText(GENERATE_BEHIND_MS_MAX)} behind it`;
}
