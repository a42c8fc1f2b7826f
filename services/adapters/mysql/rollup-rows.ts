import type { PoolConnection } from "mysql2/promise";
import { ROLLUP_SERIES_PER_MINUTE_MAX } from "../../domain/limits.ts";
import { addTally, clientsByService, limitSeries, newTally, OTHER, rollUp, seriesKey } from "../../domain/rollup.ts";
import { hourOf } from "../../ports/stats-spans.ts";
import { HOUR_STATE } from "./hour-states.ts";
import { InsertStatement, replacing, type SqlValue } from "./insert-rows.ts";
import type { BatchedRecord } from "./record-rows.ts";
import { type RollupGroup, storedClients, storedMinutes, storedSeries } from "./rollup-reads.ts";
import { TALLY_COLUMNS, tallyValues } from "./tally-columns.ts";

const KEY = ["tenant", "log_partition", "producer_day", "minute"];
const MINUTE_COLUMNS = [...KEY, "series", ...TALLY_COLUMNS];
const SERIES_COLUMNS = [...KEY, "series", "service", "path", ...TALLY_COLUMNS];
const LOCK_MINUTES = new InsertStatement("rollup_minutes", MINUTE_COLUMNS, "series = rollup_minutes.series");
const SAVE_MINUTES = new InsertStatement("rollup_minutes", MINUTE_COLUMNS, replacing(["series", ...TALLY_COLUMNS]));
const SAVE_SERIES = new InsertStatement("rollup_series", SERIES_COLUMNS, replacing(TALLY_COLUMNS));
const CHANGE_HOURS = new InsertStatement(
  "rollup_hour_states",
  ["tenant", "log_partition", "producer_day", "hour", "state", "changes", "changed_ms"],
  `${replacing(["state", "changed_ms"])}, changes = rollup_hour_states.changes + 1`,
);
const SAVE_CLIENTS = new InsertStatement("rollup_clients", [...KEY, "service", "sketch"], replacing(["sketch"]));

/**
 * Adds records that were never counted before to the rollups; those without `http` are left out.
 *
 * It locks the rows of all minutes, in the order of their keys, before it reads anything of them: a row that does not
 * exist yet cannot be locked by SELECT. The rows of series and clients need no locks of their own, since whoever changes
 * them holds their minute's. Those of hours come last of what is locked: whoever sums up takes no others, those of one hour in
 * the order of log partitions.
 */
export async function addToRollups(
  connection: PoolConnection,
  records: readonly BatchedRecord[],
  nowMs: number,
): Promise<void> {
  const groups = groupsOf(records);
  const noTally = tallyValues(newTally());
  const rowsToLock = groups.flatMap((group) =>
    [...group.minutes.keys()].sort((a, b) => a - b).map((minute) => [...keyValues(group, minute), 0, ...noTally]),
  );
  await LOCK_MINUTES.run(connection, rowsToLock);
  for (const group of groups) {
    await mergeSeriesAndMinutes(connection, group);
    await mergeClients(connection, group);
  }
  await CHANGE_HOURS.run(
    connection,
    groups.flatMap((group) => hourRows(group, nowMs)),
  );
}

/** The hours of the group's minutes are not summed up any more. In the order in which they are locked. */
function hourRows(group: RollupGroup, nowMs: number): SqlValue[][] {
  const hours = new Set([...group.minutes.keys()].map(hourOf));
  return [...hours].sort((a, b) => a - b).map((hour) => [...keyValues(group, hour), HOUR_STATE.byMinutes, 1, nowMs]);
}

/** In the order in which they are locked: log partitions by their numbers, as whoever sums up an hour locks its states. */
function groupsOf(records: readonly BatchedRecord[]): RollupGroup[] {
  const requests = records.filter(({ logged }) => logged.record.http);
  const groups = Map.groupBy(requests, ({ batch }) => `${batch.partition} ${batch.producerDay} ${batch.tenant}`);
  return [...groups]
    .sort(([a, [one]], [b, [other]]) => one!.batch.partition - other!.batch.partition || (a < b ? -1 : 1))
    .map(([, group]) => {
      const { tenant, partition: logPartition, producerDay } = group[0]!.batch;
      return { tenant, logPartition, producerDay, minutes: rollUp(group.map(({ logged }) => logged)) };
    });
}

/** Sums what is stored and what is new; series beyond the limit of a minute become `other`. */
async function mergeSeriesAndMinutes(connection: PoolConnection, group: RollupGroup): Promise<void> {
  const minutesBefore = await storedMinutes(connection, group, [...group.minutes.keys()]);
  const keys = [...group.minutes].map(([minute, { series }]): [number, string[]] => [
    minute,
    [...new Set([...series.keys(), seriesKey(OTHER, OTHER)])],
  ]);
  const seriesBefore = await storedSeries(connection, group, keys);

  const minuteRows: SqlValue[][] = [];
  const seriesRows: SqlValue[][] = [];
  for (const [minute, rollup] of group.minutes) {
    const before = minutesBefore.get(minute);
    const tallies = seriesBefore.get(minute) ?? new Map();
    const countBefore = before?.series ?? 0;
    const added = limitSeries(rollup, new Set(tallies.keys()), countBefore, ROLLUP_SERIES_PER_MINUTE_MAX);
    if (before) addTally(rollup.tally, before.tally);
    minuteRows.push([...keyValues(group, minute), countBefore + added, ...tallyValues(rollup.tally)]);
    for (const [key, { service, path, tally }] of rollup.series) {
      const tallyBefore = tallies.get(key);
      if (tallyBefore) addTally(tally, tallyBefore);
      const names = [Buffer.from(key, "hex"), Buffer.from(service), Buffer.from(path)];
      seriesRows.push([...keyValues(group, minute), ...names, ...tallyValues(tally)]);
    }
  }
  await SAVE_MINUTES.run(connection, minuteRows);
  await SAVE_SERIES.run(connection, seriesRows);
}

/** After the series were limited: clients of what became `other` count there. */
async function mergeClients(connection: PoolConnection, group: RollupGroup): Promise<void> {
  const clients = [...group.minutes].map(([minute, rollup]): [number, Map<string, Set<string>>] => [
    minute,
    clientsByService(rollup),
  ]);
  const keys = clients.map(([minute, ofService]): [number, string[]] => [minute, [...ofService.keys()]]);
  const sketches = await storedClients(connection, group, keys);
  const rows = clients.flatMap(([minute, ofService]) =>
    [...ofService].map(([service, addresses]) => {
      const sketch = sketches(minute, service);
      for (const address of addresses) sketch.add(address);
      return [...keyValues(group, minute), Buffer.from(service), Buffer.from(sketch.encode())];
    }),
  );
  await SAVE_CLIENTS.run(connection, rows);
}

/** `time`: the minute, or the hour. */
function keyValues({ tenant, logPartition, producerDay }: RollupGroup, time: number): SqlValue[] {
  return [Buffer.from(tenant), logPartition, producerDay, time];
}
