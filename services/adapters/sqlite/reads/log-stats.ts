import { HyperLogLog } from "../../../domain/hyperloglog.ts";
import { addTally, newTally } from "../../../domain/rollup.ts";
import type {
  BusiestGroups,
  ClientsCell,
  RequestsCell,
  StatsGroup,
  StatsGrouping,
  StatsSelection,
} from "../../../ports/log-stats.ts";
import { GroupCounts, groupingOf, groupOf, StatsCells, seriesConditions, toldBy } from "../../../ports/stats-cells.ts";
import { TALLY_COLUMNS, type TallyValues, tallyOf, tallyValues } from "../store/tally-columns.ts";
import { forEachRollupRow } from "./rollup-rows.ts";
import type { StoreReader } from "./store-reader.ts";

/** A RequestsCell as it goes from thread to thread. */
export interface EncodedRequests {
  group: StatsGroup | undefined;
  minute: number;
  values: TallyValues;
}

/** A ClientsCell as it goes from thread to thread. */
export interface EncodedClients {
  service: string | undefined;
  minute: number;
  sketch: Uint8Array;
}

/** The busiest groups, as `LogStats.busiest` promises them. */
export function busiest(
  reader: StoreReader,
  selection: StatsSelection,
  grouping: StatsGrouping,
  size: number,
): BusiestGroups {
  const counts = new GroupCounts(grouping);
  const names = new Map<string, [service: string, path: string]>(); // Of a series: its texts are made once.
  const columns = ["series", "service", "path", "requests"];
  const conditions = seriesConditions(selection);
  const told = toldBy(selection, grouping);
  forEachRollupRow(
    reader,
    { of: "requests", selection, stepMinutes: undefined, told, conditions, columns },
    (_minute, row) => {
      const key = Buffer.from(row[0] as Uint8Array).toString("latin1");
      const [service, path] = names.get(key) ?? [textOf(row[1]), textOf(row[2])];
      names.set(key, [service, path]);
      counts.add(service, path, Number(row[3]));
    },
  );
  return counts.busiest(size);
}

/** Sums by group and piece of time, as `LogStats.requests` promises them. */
export function requests(
  reader: StoreReader,
  selection: StatsSelection,
  stepMinutes: number | undefined,
  groups: readonly StatsGroup[] | undefined,
): EncodedRequests[] {
  if (groups?.length === 0) return [];
  const cells = new StatsCells(selection, stepMinutes, newTally);
  const grouping = groups?.[0] && groupingOf(groups[0]);
  const conditions = seriesConditions(selection, groups);
  const told = toldBy(selection, grouping);
  const columns = [...TALLY_COLUMNS, ...(grouping ? ["service", "path"] : [])];
  forEachRollupRow(reader, { of: "requests", selection, stepMinutes, told, conditions, columns }, (minute, row) => {
    const [count, bytes, statuses, latencyCount, sumNanos, maxNanos, buckets, service, path] = row;
    const values = [Number(count), bytes, statuses, Number(latencyCount), sumNanos, maxNanos, buckets];
    const group = grouping && groupOf(textOf(service), textOf(path), grouping);
    addTally(cells.at(group, minute), tallyOf(values as TallyValues));
  });
  return cells.map((group, minute, tally) => ({ group, minute, values: tallyValues(tally) }));
}

/** Distinct addresses by service and piece of time, as `LogStats.clients` promises them. */
export function clients(
  reader: StoreReader,
  selection: StatsSelection,
  stepMinutes: number | undefined,
  services: readonly string[] | undefined,
): EncodedClients[] {
  if (services?.length === 0) return [];
  const cells = new StatsCells(selection, stepMinutes, () => new HyperLogLog());
  const groups = services?.map((service) => ({ service, path: undefined }));
  const conditions = seriesConditions(selection, groups);
  const columns = ["sketch", "service"];
  const told = { service: true, path: false };
  forEachRollupRow(
    reader,
    { of: "clients", selection, stepMinutes, told, conditions, columns },
    (minute, [sketch, name]) => {
      const group = services && { service: textOf(name), path: undefined };
      cells.at(group, minute).merge(HyperLogLog.decode(sketch as Uint8Array));
    },
  );
  return cells.map((group, minute, sketch) => ({ service: group?.service, minute, sketch: sketch.encode() }));
}

/** The cell again, in the thread that asked. */
export function requestsCellOf({ group, minute, values }: EncodedRequests): RequestsCell {
  return { group, minute, tally: tallyOf(values) };
}

/** The cell again, in the thread that asked. */
export function clientsCellOf({ service, minute, sketch }: EncodedClients): ClientsCell {
  return { service, minute, clients: HyperLogLog.decode(sketch) };
}

function textOf(bytes: unknown): string {
  return Buffer.from(bytes as Uint8Array).toString();
}
