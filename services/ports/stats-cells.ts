import { seriesKey } from "../domain/rollup.ts";
import type { Told } from "../domain/told.ts";
import type { BusiestGroups, StatsGroup, StatsGrouping, StatsSelection } from "./log-stats.ts";

/** A condition on the rows of series: the column has one of these values. A `series` is the key of domain/rollup.ts. */
export interface SeriesCondition {
  column: "series" | "service" | "path";
  values: string[];
}

/**
 * What rows of series must meet to be of that selection, and of one of those groups where there are any. None: every
 * request is meant, which the sums of whole minutes know too.
 */
export function seriesConditions(
  { service, path }: StatsSelection,
  groups: readonly StatsGroup[] = [],
): SeriesCondition[] {
  const conditions: SeriesCondition[] = [];
  if (service !== undefined && path !== undefined) {
    conditions.push({ column: "series", values: [seriesKey(service, path)] });
  } else if (service !== undefined) conditions.push({ column: "service", values: [service] });
  else if (path !== undefined) conditions.push({ column: "path", values: [path] });
  const [first] = groups;
  if (first) conditions.push(groupCondition(groups, groupingOf(first)));
  return conditions;
}

/** What the rows must tell apart: what is asked for, or made groups of. */
export function toldBy({ service, path }: StatsSelection, grouping: StatsGrouping | undefined): Told {
  return {
    service: service !== undefined || grouping === "service" || grouping === "service_and_path",
    path: path !== undefined || grouping === "path" || grouping === "service_and_path",
  };
}

function groupCondition(groups: readonly StatsGroup[], grouping: StatsGrouping): SeriesCondition {
  if (grouping === "service_and_path") {
    return { column: "series", values: groups.map(({ service, path }) => seriesKey(service!, path!)) };
  }
  return { column: grouping, values: groups.map((group) => group[grouping]!) };
}

/** What makes groups like this one. */
export function groupingOf({ service, path }: StatsGroup): StatsGrouping {
  if (service !== undefined && path !== undefined) return "service_and_path";
  return service !== undefined ? "service" : "path";
}

/** The group that a service and a path belong to; undefined where there are no groups. */
export function groupOf(service: string, path: string, grouping: StatsGrouping | undefined): StatsGroup | undefined {
  if (grouping === undefined) return undefined;
  return {
    service: grouping === "path" ? undefined : service,
    path: grouping === "service" ? undefined : path,
  };
}

/** No two groups of one grouping have the same. */
export function groupKey(group: StatsGroup | undefined): string {
  const { service = "", path = "" } = group ?? {};
  return `${service.length}:${service}${path}`; // The length keeps "a" + "bc" and "ab" + "c" apart.
}

/** The first minute of the piece of time that a minute lies in: a multiple of the step; `fromMinute` without a step. */
export function pieceOf(minute: number, stepMinutes: number | undefined, fromMinute: number): number {
  return stepMinutes === undefined ? fromMinute : Math.floor(minute / stepMinutes) * stepMinutes;
}

/** Sums by group (of a service, of a path, or of both) and by piece of time, as rows of minutes are added to them. */
export class StatsCells<Sum> {
  private readonly empty: () => Sum;
  private readonly stepMinutes: number | undefined;
  private readonly fromMinute: number;
  private readonly cells = new Map<string, { group: StatsGroup | undefined; sums: Map<number, Sum> }>();

  constructor({ fromMinute }: StatsSelection, stepMinutes: number | undefined, empty: () => Sum) {
    this.fromMinute = fromMinute;
    this.stepMinutes = stepMinutes;
    this.empty = empty;
  }

  /** The sum that a minute of the group is to be added to. */
  at(group: StatsGroup | undefined, minute: number): Sum {
    const key = groupKey(group);
    const ofGroup = this.cells.get(key) ?? { group, sums: new Map<number, Sum>() };
    this.cells.set(key, ofGroup);
    const piece = pieceOf(minute, this.stepMinutes, this.fromMinute);
    const sum = ofGroup.sums.get(piece) ?? this.empty();
    ofGroup.sums.set(piece, sum);
    return sum;
  }

  /** Every cell that there is. */
  map<Cell>(cellOf: (group: StatsGroup | undefined, minute: number, sum: Sum) => Cell): Cell[] {
    return [...this.cells.values()].flatMap(({ group, sums }) =>
      [...sums].map(([minute, sum]) => cellOf(group, minute, sum)),
    );
  }
}

/** Counts the requests of groups, and tells the busiest. */
export class GroupCounts {
  private readonly grouping: StatsGrouping;
  private readonly counts = new Map<string, { group: StatsGroup; requests: number }>();

  constructor(grouping: StatsGrouping) {
    this.grouping = grouping;
  }

  add(service: string, path: string, requests: number): void {
    const group = groupOf(service, path, this.grouping)!;
    const key = groupKey(group);
    const count = this.counts.get(key);
    if (count) count.requests += requests;
    else this.counts.set(key, { group, requests });
  }

  /** As LogStats promises them. */
  busiest(size: number): BusiestGroups {
    const sorted = [...this.counts.values()].sort(
      (a, b) =>
        b.requests - a.requests ||
        compareBytes(a.group.service, b.group.service) ||
        compareBytes(a.group.path, b.group.path),
    );
    return { groups: sorted.slice(0, Math.max(0, size)).map(({ group }) => group), total: sorted.length };
  }
}

function compareBytes(a = "", b = ""): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
