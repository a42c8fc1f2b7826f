import type { PoolConnection } from "mysql2/promise";
import type { HourGroup, HourSum } from "../../domain/hour-sum.ts";
import { seriesKey } from "../../domain/rollup.ts";
import { EVERY_TOLD, toldNumber } from "../../domain/told.ts";
import { type HourChanges, hourChanges, type StoredHourKey } from "./hour-reads.ts";
import { HOUR_STATE } from "./hour-states.ts";
import { InsertStatement, replacing, type SqlValue } from "./insert-rows.ts";
import { TALLY_COLUMNS, tallyValues } from "./tally-columns.ts";

const SAVE_SUMS = new InsertStatement(
  "rollup_hour_sums",
  ["tenant", "hour", "producer_day", "told", "series", "service", "path", ...TALLY_COLUMNS],
  replacing(TALLY_COLUMNS),
);
const SAVE_CLIENTS = new InsertStatement(
  "rollup_hour_clients",
  ["tenant", "hour", "producer_day", "service", "sketch"],
  replacing(["sketch"]),
);

/**
 * Writes the sums of an hour, or that it cannot be summed up, and says so in its states; in a transaction. It writes
 * nothing where something was added since `changes` were read.
 */
export async function replaceHour(
  connection: PoolConnection,
  hour: StoredHourKey,
  changes: HourChanges,
  sum: HourSum | undefined,
): Promise<void> {
  const rows = sum && rowsOf(hour, sum); // Before anything is locked: it may take a second.
  if (!areSame(changes, await hourChanges(connection, hour, { lock: true }))) return;
  // What was summed up before needs no deleting: series and services of an hour only grow in number.
  if (rows) {
    await SAVE_SUMS.run(connection, rows.sums);
    await SAVE_CLIENTS.run(connection, rows.clients);
  }
  await connection.query(
    "UPDATE rollup_hour_states SET state = ? " +
      "WHERE producer_day = ? AND tenant = ? AND hour = ? AND log_partition IN (?)",
    [sum ? HOUR_STATE.summedUp : HOUR_STATE.tooMuch, hour.producerDay, hour.tenant, hour.hour, [...changes.keys()]],
  );
}

function rowsOf({ tenant, hour, producerDay }: StoredHourKey, sum: HourSum) {
  const key: SqlValue[] = [tenant, hour, producerDay];
  return {
    sums: EVERY_TOLD.flatMap((told) =>
      sum.groups(told).map((group) => [...key, toldNumber(told), ...groupValues(group)]),
    ),
    clients: [...sum.clients].map(([service, sketch]) => [...key, Buffer.from(service), Buffer.from(sketch.encode())]),
  };
}

function groupValues({ service, path, tally }: HourGroup): SqlValue[] {
  const series = Buffer.from(seriesKey(service, path), "hex");
  return [series, Buffer.from(service), Buffer.from(path), ...tallyValues(tally)];
}

function areSame(some: HourChanges, others: HourChanges): boolean {
  return (
    some.size > 0 &&
    some.size === others.size &&
    [...some].every(([partition, changes]) => others.get(partition) === changes)
  );
}
