import type { StatsSelection } from "./log-stats.ts";

const HOUR_MINUTES = 60;

/** Minutes, or hours, since 1970, both included. */
export interface Span {
  from: number;
  to: number;
}

/** Which rows answer a question: those of whole hours that are summed up, and of the minutes beside them. */
export interface StatsSpans {
  /** In minutes; ascending, none touching the next. */
  minutes: Span[];
  /** In hours; ascending, none touching the next. */
  hours: Span[];
}

/** An hour of which there are rows by minute. */
export interface StoredHour {
  /** Since 1970. */
  hour: number;
  isSummedUp: boolean;
}

/** The hour, since 1970, that a minute lies in. */
export function hourOf(minute: number): number {
  return Math.floor(minute / HOUR_MINUTES);
}

/** The hours that the selected minutes lie in. */
export function hoursOf({ fromMinute, toMinute }: Pick<StatsSelection, "fromMinute" | "toMinute">): Span {
  return { from: hourOf(fromMinute), to: hourOf(toMinute) };
}

/** True where sums of whole hours can answer: not where minutes are to be told apart. */
export function canUseHours(stepMinutes: number | undefined): boolean {
  return stepMinutes === undefined || stepMinutes % HOUR_MINUTES === 0;
}

/**
 * The rows to read for a selection. `stored`: all hours of `hoursOf` that have rows, ascending; of the others nothing is
 * read at all.
 */
export function spansOf(
  { fromMinute, toMinute }: Pick<StatsSelection, "fromMinute" | "toMinute">,
  stored: Iterable<StoredHour>,
): StatsSpans {
  const spans: StatsSpans = { minutes: [], hours: [] };
  for (const { hour, isSummedUp } of stored) {
    const first = hour * HOUR_MINUTES;
    const last = first + HOUR_MINUTES - 1;
    const isWhole = first >= fromMinute && last <= toMinute;
    if (isSummedUp && isWhole) extend(spans.hours, { from: hour, to: hour });
    else extend(spans.minutes, { from: Math.max(first, fromMinute), to: Math.min(last, toMinute) });
  }
  return spans;
}

function extend(spans: Span[], { from, to }: Span): void {
  if (from > to) return;
  const last = spans.at(-1);
  if (last && last.to + 1 >= from) last.to = to;
  else spans.push({ from, to });
}
