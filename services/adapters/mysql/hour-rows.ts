import type { PoolConnection } from "mysql2/promise";
import type { HourSum } from "../../domain/hour-sum.ts";
import { type HourChanges, hourChanges, type StoredHourKey } from "./hour-reads.ts";
import { HOUR_STATE } from "./hour-states.ts";
import { InsertStatement, replacing, type SqlValue } from "./insert-rows.ts";
import { TALLY_COLUMNS, tallyValues } from "./tally-columns.ts";

const KEY = ["tenant", "hour", "producer_day"];
const SAVE_HOURS = new InsertStatement("rollup_hours", [...KEY, ...TALLY_COLUMNS], replacing(TALLY_COLUMNS));
const SAVE_SERIES = new InsertStatement(
  "rollup_hour_series",
  [...KEY, "series", "service", "path", ...TALLY_COLUMNS],
  replacing(TALLY_COLUMNS),
);
const SAVE_CLIENTS = new InsertStatement("rollup_hour_clients", [...KEY, "service", "sketch"], replacing(["sketch"]));

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
  if (!areSame(changes, await hourChanges(connection, hour, { lock: true }))) return;
  // What was summed up before needs no deleting: series and services of an hour only grow in number.
  if (sum) await save(connection, hour, sum);
  await connection.query(
    "UPDATE rollup_hour_states SET state = ? " +
      "WHERE producer_day = ? AND tenant = ? AND hour = ? AND log_partition IN (?)",
    [sum ? HOUR_STATE.summedUp : HOUR_STATE.tooMuch, hour.producerDay, hour.tenant, hour.hour, [...changes.keys()]],
  );
}

async function save(connection: PoolConnection, { tenant, hour, producerDay }: StoredHourKey, sum: HourSum) {
  const key: SqlValue[] = [tenant, hour, producerDay];
  const series = [...sum.series].map(([name, { service, path, tally }]) => {
    const names = [Buffer.from(name, "hex"), Buffer.from(service), Buffer.from(path)];
    return [...key, ...names, ...tallyValues(tally)];
  });
  const clients = [...sum.clients].map(([service, sketch]) => [
    ...key,
    Buffer.from(service),
    Buffer.from(sketch.encode()),
  ]);
  await SAVE_HOURS.run(connection, [[...key, ...tallyValues(sum.tally)]]);
  await SAVE_SERIES.run(connection, series);
  await SAVE_CLIENTS.run(connection, clients);
}

function areSame(some: HourChanges, others: HourChanges): boolean {
  return (
    some.size > 0 &&
    some.size === others.size &&
    [...some].every(([partition, changes]) => others.get(partition) === changes)
  );
}
