import { SEND_REASONS_TOLD_MAX } from "../../services/domain/limits.ts";
import type { LineProblem } from "../../services/domain/lines/line-format.ts";
import { drawnText } from "../terminal/drawn-text.ts";
import { countText, durationText, fullCountText } from "../terminal/number-text.ts";
import type { ProblemCounts, SendTotals, ToldProblem } from "./send-totals.ts";

/** What a call was, beside its totals. */
export interface SendFacts {
  /** How many sources it had: with one, its name is left out. */
  sources: number;
  /** The producer of all records that were handed over, 32 hexadecimal digits; undefined where there were several, or none. */
  producer: string | undefined;
  /** Whether the same can be sent again, and add nothing. */
  isRepeatable: boolean;
  /** The format of all sources; undefined where they differ, or none was chosen. */
  format: string | undefined;
  ms: number;
}

/** The totals for people. */
export function totalsLines(totals: SendTotals, facts: SendFacts): string[] {
  const { lines, keptLines, keptRecords, emptyLines, keptAsText, rejected, unacknowledgedLines } = totals;
  const row = (name: string, text: string) => `${name.padEnd(9)} ${text}`;
  const records = keptRecords === keptLines ? "" : `, as ${fullCountText(keptRecords)} records`;
  const ofLines = `${fullCountText(keptLines)} of ${linesText(lines)}${records}`;
  return [
    row("kept", `${ofLines}, in ${durationText(facts.ms)}: ${rateText(keptLines, facts.ms)}`),
    ...(keptAsText.lines ? [row("as text", problemsText(keptAsText, facts))] : []),
    ...(rejected.lines ? [row("rejected", problemsText(rejected, facts))] : []),
    ...(emptyLines ? [row("empty", linesText(emptyLines))] : []),
    ...(unacknowledgedLines ? [row("unknown", `${linesText(unacknowledgedLines)}, which are not acknowledged`)] : []),
    ...(facts.producer ? [row("producer", producerText(facts.producer, facts))] : []),
  ];
}

/** The same for programs. */
export function totalsObject(totals: SendTotals, { producer, format, ms }: SendFacts) {
  return {
    read: totals.lines,
    kept: totals.keptLines,
    records: totals.keptRecords,
    rejected: totals.rejected.lines,
    keptAsText: totals.keptAsText.lines,
    empty: totals.emptyLines,
    unknown: totals.unacknowledgedLines,
    producer: producer ?? null,
    format: format ?? null,
    seconds: Math.round(ms) / 1_000,
    rejects: totals.rejected.told,
    asText: totals.keptAsText.told,
  };
}

/** The same as lines of name and value, apart by a tab. */
export function plainTotals(totals: SendTotals, facts: SendFacts): string[] {
  const { rejects, asText, ...values } = totalsObject(totals, facts);
  const plain = (name: string) => (problem: ToldProblem) =>
    [name, problem.file, problem.line, problem.field, problem.reason].map((part) => drawnText(String(part))).join("\t");
  return [
    ...Object.entries(values).map(([name, value]) => `${name}\t${value ?? ""}`),
    ...rejects.map(plain("reject")),
    ...asText.map(plain("as-text")),
  ];
}

/** What is seen while it runs. */
export interface SendProgress {
  ms: number;
  /** Of the bytes of all sources; undefined where nobody knows how many there are. */
  shareRead: number | undefined;
}

/** All that it counts are lines. */
export function progressText(totals: SendTotals, { ms, shareRead }: SendProgress): string {
  const { keptLines, rejected, waitingLines } = totals;
  const parts = [
    `sent ${countText(keptLines + waitingLines)}`,
    `kept ${countText(keptLines)}`,
    ...(rejected.lines ? [`rejected ${countText(rejected.lines)}`] : []),
    `waiting ${countText(waitingLines)}`,
    rateText(keptLines, ms),
    clockText(ms) + leftText(ms, shareRead),
  ];
  return parts.join(" · ");
}

function leftText(ms: number, share: number | undefined): string {
  if (share === undefined || share <= 0 || share > 1) return "";
  return `, about ${clockText((ms / share) * (1 - share))} left`;
}

/** 00:31, 12:05, 1:02:03. */
function clockText(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const [hours, ...rest] = parts.map((part) => String(part).padStart(2, "0"));
  return parts[0] === 0 ? rest.join(":") : `${Number(hours)}:${rest.join(":")}`;
}

function rateText(lines: number, ms: number): string {
  return `${countText(Math.round((lines * 1_000) / Math.max(ms, 1)))} lines/s`;
}

/** `1 line`, `12 lines`. */
export function linesText(lines: number): string {
  return `${fullCountText(lines)} ${lines === 1 ? "line" : "lines"}`;
}

/** `12 lines: line 88 time is "x"; wanted … (9), line 1,031 line is 300,000 bytes long (2), and 1 for other reasons` */
export function problemsText({ lines, reasons }: ProblemCounts, facts: Pick<SendFacts, "sources">): string {
  const told = reasons.slice(0, SEND_REASONS_TOLD_MAX);
  const others = told.reduce((left, { lines: count }) => left - count, lines);
  const texts = told.map(({ lines: count, first }) => {
    return `${placeText(first, facts)} ${problemText(first)}${count === lines ? "" : ` (${fullCountText(count)})`}`;
  });
  const more = others > 0 ? `, and ${fullCountText(others)} for other reasons` : "";
  return `${linesText(lines)}: ${drawnText(texts.join(", "))}${more}`;
}

function placeText({ file, line }: ToldProblem, { sources }: Pick<SendFacts, "sources">): string {
  return sources === 1 ? `line ${fullCountText(line)}` : `${file} line ${fullCountText(line)}`;
}

/** What it is good for. */
export function producerText(producer: string, { isRepeatable }: Pick<SendFacts, "isRepeatable">): string {
  return isRepeatable ? `${producer}: the same sent again with --producer ${producer} adds nothing` : producer;
}

/** A problem of the line as a whole names no field. */
export function problemText({ field, reason }: LineProblem): string {
  return field === "line" ? reason : `${field} ${reason}`;
}
