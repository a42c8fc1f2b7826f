import { HyperLogLog } from "../../domain/hyperloglog.ts";
import { ROLLUP_SERIES_PER_MINUTE_MAX } from "../../domain/limits.ts";
import type { LoggedRecord } from "../../domain/logged-batch.ts";
import {
  addTally,
  clientsByService,
  limitSeries,
  type MinuteRollup,
  newTally,
  rollUp,
  type Tally,
} from "../../domain/rollup.ts";
import type {
  BusiestGroups,
  ClientsCell,
  RequestsCell,
  StatsGroup,
  StatsGrouping,
  StatsSelection,
} from "../../ports/log-stats.ts";
import { GroupCounts, groupingOf, groupKey, groupOf, StatsCells } from "../../ports/stats-cells.ts";

/** The requests of a service and a path in a minute. */
interface SeriesTally {
  service: string;
  path: string;
  tally: Tally;
}

/** The requests of a minute. */
interface MinuteTally {
  /** By `seriesKey`. */
  series: Map<string, SeriesTally>;
  /** How many series there are, the one of the rest not counted. */
  seriesCount: number;
  /** By service. */
  clients: Map<string, HyperLogLog>;
}

/** The statistics of the memory store: sums for each tenant, producer day and minute. */
export class MinuteTallies {
  /** By tenant, then by producer day, then by minute. */
  private readonly tenants = new Map<string, Map<number, Map<number, MinuteTally>>>();

  /** Counts the records that have `http`. */
  add(tenant: string, producerDay: number, records: Iterable<LoggedRecord>): void {
    const rollups = rollUp(records);
    if (rollups.size === 0) return; // A day without requests is no day to forget.
    const days = valueAt(this.tenants, tenant, () => new Map<number, Map<number, MinuteTally>>());
    const minutes = valueAt(days, producerDay, () => new Map<number, MinuteTally>());
    for (const [minute, rollup] of rollups) addMinute(valueAt(minutes, minute, noRequests), rollup);
  }

  /** As `LogStats.busiest` promises it. */
  busiest(selection: StatsSelection, grouping: StatsGrouping, size: number): BusiestGroups {
    const counts = new GroupCounts(grouping);
    for (const [, { series }] of this.minutesOf(selection)) {
      for (const one of series.values()) {
        if (isSelected(selection, one)) counts.add(one.service, one.path, one.tally.requests);
      }
    }
    return counts.busiest(size);
  }

  /** As `LogStats.requests` promises it. */
  requests(
    selection: StatsSelection,
    stepMinutes: number | undefined,
    groups: readonly StatsGroup[] | undefined,
  ): RequestsCell[] {
    const cells = new StatsCells(selection, stepMinutes, newTally);
    const wanted = groups && new Set(groups.map(groupKey));
    const grouping = groups?.[0] && groupingOf(groups[0]);
    for (const [minute, { series }] of this.minutesOf(selection)) {
      for (const one of series.values()) {
        const group = groupOf(one.service, one.path, grouping);
        if (!isSelected(selection, one) || (wanted && !wanted.has(groupKey(group)))) continue;
        addTally(cells.at(group, minute), one.tally);
      }
    }
    return cells.map((group, minute, tally) => ({ group, minute, tally }));
  }

  /** As `LogStats.clients` promises it. */
  clients(
    selection: StatsSelection,
    stepMinutes: number | undefined,
    services: readonly string[] | undefined,
  ): ClientsCell[] {
    const cells = new StatsCells(selection, stepMinutes, () => new HyperLogLog());
    for (const [minute, { clients }] of this.minutesOf(selection)) {
      for (const [service, sketch] of clients) {
        if (selection.service !== undefined && selection.service !== service) continue;
        if (services && !services.includes(service)) continue;
        cells.at(services && { service, path: undefined }, minute).merge(sketch);
      }
    }
    return cells.map((group, minute, clients) => ({ service: group?.service, minute, clients }));
  }

  /** Forgets what producers of earlier days have sent; gives the days of which there was anything. */
  dropBefore(firstDay: number): Set<number> {
    const dropped = new Set<number>();
    for (const days of this.tenants.values()) {
      for (const day of days.keys()) {
        if (day < firstDay && days.delete(day)) dropped.add(day);
      }
    }
    return dropped;
  }

  private *minutesOf({ tenant, fromMinute, toMinute }: StatsSelection): Generator<[number, MinuteTally]> {
    for (const minutes of this.tenants.get(tenant)?.values() ?? []) {
      for (const entry of minutes) if (entry[0] >= fromMinute && entry[0] <= toMinute) yield entry;
    }
  }
}

function addMinute(stored: MinuteTally, rollup: MinuteRollup): void {
  stored.seriesCount += limitSeries(rollup, stored.series, stored.seriesCount, ROLLUP_SERIES_PER_MINUTE_MAX);
  for (const [key, { service, path, tally }] of rollup.series) {
    const before = stored.series.get(key);
    if (before) addTally(before.tally, tally);
    else stored.series.set(key, { service, path, tally });
  }
  for (const [service, addresses] of clientsByService(rollup)) {
    const sketch = valueAt(stored.clients, service, () => new HyperLogLog());
    for (const address of addresses) sketch.add(address);
  }
}

function isSelected({ service, path }: StatsSelection, one: SeriesTally): boolean {
  return (service === undefined || one.service === service) && (path === undefined || one.path === path);
}

function valueAt<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

function noRequests(): MinuteTally {
  return { series: new Map(), seriesCount: 0, clients: new Map() };
}
