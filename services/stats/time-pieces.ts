import type { StatsSelection } from "../ports/log-stats.ts";

/** Into how many pieces the selected time is cut, each beginning at a multiple of the step. */
export function piecesIn({ fromMinute, toMinute }: StatsSelection, stepMinutes: number): number {
  if (fromMinute > toMinute) return 0;
  return Math.floor(toMinute / stepMinutes) - Math.floor(fromMinute / stepMinutes) + 1;
}

/** The selection in parts of whole pieces, at most `piecesMax` each, oldest first; none where it has no minute. */
export function partsOf(
  selection: StatsSelection,
  stepMinutes: number | undefined,
  piecesMax: number,
): StatsSelection[] {
  const { fromMinute, toMinute } = selection;
  if (fromMinute > toMinute) return [];
  if (stepMinutes === undefined) return [selection];
  const parts: StatsSelection[] = [];
  for (let from = fromMinute; from <= toMinute; ) {
    const end = (Math.floor(from / stepMinutes) + Math.max(1, piecesMax)) * stepMinutes;
    parts.push({ ...selection, fromMinute: from, toMinute: Math.min(toMinute, end - 1) });
    from = end;
  }
  return parts;
}
