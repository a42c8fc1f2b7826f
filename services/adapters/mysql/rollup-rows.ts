import type { PoolConnection, RowDataPacket } from "mysql2/promise";
import { HyperLogLog } from "../../domain/hyperloglog.ts";
import {
  HTTP_LONG_BYTES_MAX,
  ROLLUP_SERIES_PER_MINUTE_MAX,
  SERVICE_BYTES_MAX,
} from "../../domain/limits.ts";
import { addTally, limitSeries, type MinuteRollup, newTally, rollUp } from "../../domain/rollup.ts";
import { InsertStatement, replacing, type SqlValue } from "./insert-rows.ts";
import type { BatchedRecord } from "./record-rows.ts";
import { TALLY_COLUMNS, tallyOf, tallyValues } from "./tally-columns.ts";

const MINUTE_KEY = ["tenant", "minute", "log_partition", "producer_day"];
const MINUTE_COLUMNS = [...MINUTE_KEY, "series", ...TALLY_COLUMNS];
const LOCK_MINUTES = new InsertStatement("rollup_minutes", MINUTE_COLUMNS, "series = rollup_minutes.series");
const SAVE_MINUTES = new InsertStatement("rollup_minutes", MINUTE_COLUMNS, replacing(["series", ...TALLY_COLUMNS]));
const SAVE_SERIES = new InsertStatement(
  "rollup_series",
  [...MINUTE_KEY, "series", "service", "path", ...TALLY_COLUMNS],
  replacing(TALLY_COLUMNS),
);
const SAVE_CLIENTS = new InsertStatement(
  "rollup_clients",
  [...MINUTE_KEY, "service", "sketch"],
  replacing(["sketch"]),
);
const SELECTED_MAX = 500; // Rows of one SELECT: servers give up looking by key where there are too many.

/** One minute's requests, and the key of its rows. */
interface Minute extends MinuteRollup {
  tenant: string;
  minute: number;
  logPartition: number;
  producerDay: number;
}

/**
 * Adds records that were never counted before to the rollups, those without `http` left out.
 *
 * It locks the rows of all minutes, in the order of their keys, before it reads anything of them: the rows of series
 * and clients need no locks of their own, since whoever changes them holds their minute's.
 */
export async function addToRollups(connection: PoolConnection, records: readonly BatchedRecord[]): Promise<void> {
  const minutes = minutesOf(records);
  if (minutes.length === 0) return;
  await LOCK_MINUTES.run(
    connection,
    minutes.map((minute) => [...keyValues(minute), 0, ...tallyValues(newTally())]),
  );
  const seriesCounts = await addStoredMinutes(connection, minutes);
  await addStoredSeries(connection, minutes, seriesCounts);
  const clients = await clientsOf(connection, minutes);

  await SAVE_MINUTES.run(
    connection,
    minutes.map((minute, index) => [...keyValues(minute), seriesCounts[index]!, ...tallyValues(minute.tally)]),
  );
  await SAVE_SERIES.run(connection, minutes.flatMap(seriesRows));
  await SAVE_CLIENTS.run(connection, clients);
}

/** In the order in which they are locked. */
function minutesOf(records: readonly BatchedRecord[]): Minute[] {
  const groups = Map.groupBy(records, ({ batch }) => `${batch.producerDay} ${batch.partition} ${batch.tenant}`);
  const minutes = [...groups.values()].flatMap((group) => {
    const { tenant, partition: logPartition, producerDay } = group[0]!.batch;
    const rollups = rollUp(group.map(({ logged }) => logged));
    return [...rollups].map(([minute, rollup]) => ({ ...rollup, tenant, minute, logPartition, producerDay }));
  });
  const orderKey = (minute: Minute) => `${minute.minute} ${minute.producerDay} ${minute.logPartition} ${minute.tenant}`;
  return minutes.sort((a, b) => (orderKey(a) < orderKey(b) ? -1 : 1));
}
