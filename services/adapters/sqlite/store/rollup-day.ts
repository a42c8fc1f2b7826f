import type { DatabaseSync, StatementSync } from "node:sqlite";
import { HyperLogLog } from "../../../domain/hyperloglog.ts";
import { ROLLUP_SERIES_PER_MINUTE_MAX } from "../../../domain/limits.ts";
import {
  addTally,
  clientsByService,
  limitSeries,
  type MinuteRollup,
  newTally,
  type Tally,
} from "../../../domain/rollup.ts";
import { hourOf } from "../../../ports/stats-spans.ts";
import { HOUR_STATE } from "./hour-tables.ts";
import { TALLY_COLUMNS, type TallyValues, tallyOf, tallyValues } from "./tally-columns.ts";

const KEY = "tenant = ? AND minute = ? AND log_partition = ?";
const MINUTES_REMEMBERED_MAX = 4; // Those that are sent now come again in the next transaction.

/** The key of a minute's rows, in the order of KEY. */
type MinuteKey = [tenant: number, minute: number, logPartition: number];

/** All that is stored of a minute. */
interface StoredMinute {
  isNew: boolean;
  tally: Tally;
  /** How many series it has, the one of the rest not counted. */
  seriesCount: number;
  /** By `seriesKey`. */
  series: Map<string, Tally>;
  /** Of the clients of each service, as far as somebody has asked. */
  sketches: Map<string, HyperLogLog>;
}

/**
 * The rollups of one producer day, as their one writer uses them. It remembers what it wrote last: where a transaction
 * is rolled back, this object must not be used any more.
 */
export class RollupDay {
  private readonly statements: ReturnType<typeof statementsOf>;
  private readonly remembered = new Map<string, StoredMinute>(); // The one used last comes last.

  constructor(database: DatabaseSync, day: number) {
    this.statements = statementsOf(database, day);
  }

  /**
   * Adds sums over records that were never counted before. `minutes` is changed. `nowMs`: since 1970; the hours are not
   * summed up again until nothing was added to them for a while.
   */
  add(tenant: number, logPartition: number, minutes: ReadonlyMap<number, MinuteRollup>, nowMs: number): void {
    for (const hour of new Set([...minutes.keys()].map(hourOf))) this.statements.changeHour.run(tenant, hour, nowMs);
    for (const [minute, rollup] of minutes) {
      const key: MinuteKey = [tenant, minute, logPartition];
      const stored = this.stored(key);
      this.addSums(key, stored, rollup);
      this.addClients(key, stored, rollup); // After the series were limited: clients of what became `other` count there.
    }
  }

  private stored(key: MinuteKey): StoredMinute {
    const name = key.join();
    const stored = this.remembered.get(name) ?? this.read(key);
    this.remembered.delete(name);
    this.remembered.set(name, stored);
    if (this.remembered.size > MINUTES_REMEMBERED_MAX) {
      const [oldest] = this.remembered.keys();
      this.remembered.delete(oldest!);
    }
    return stored;
  }

  private read(key: MinuteKey): StoredMinute {
    const { selectMinute, selectSeries } = this.statements;
    const row = selectMinute.get(...key) as unknown as [seriesCount: number, ...TallyValues] | undefined;
    const stored: StoredMinute = {
      isNew: row === undefined,
      tally: newTally(),
      seriesCount: 0,
      series: new Map(),
      sketches: new Map(),
    };
    if (!row) return stored;
    const [seriesCount, ...tally] = row;
    stored.seriesCount = seriesCount;
    stored.tally = tallyOf(tally);
    for (const [name, ...values] of selectSeries.all(...key) as unknown as [string, ...TallyValues][]) {
      stored.series.set(name, tallyOf(values));
    }
    return stored;
  }

  private addSums(key: MinuteKey, stored: StoredMinute, rollup: MinuteRollup): void {
    const { insertMinute, updateMinute, insertSeries, updateSeries } = this.statements;
    stored.seriesCount += limitSeries(rollup, stored.series, stored.seriesCount, ROLLUP_SERIES_PER_MINUTE_MAX);
    addTally(stored.tally, rollup.tally);
    if (stored.isNew) insertMinute.run(...key, stored.seriesCount, ...tallyValues(stored.tally));
    else updateMinute.run(stored.seriesCount, ...tallyValues(stored.tally), ...key);
    stored.isNew = false;
    for (const [name, { service, path, tally }] of rollup.series) {
      const before = stored.series.get(name);
      if (before) {
        addTally(before, tally);
        updateSeries.run(...tallyValues(before), ...key, name);
      } else {
        stored.series.set(name, tally);
        insertSeries.run(...key, name, service, path, ...tallyValues(tally));
      }
    }
  }

  private addClients(key: MinuteKey, { sketches }: StoredMinute, rollup: MinuteRollup): void {
    for (const [service, addresses] of clientsByService(rollup)) {
      const sketch = sketches.get(service) ?? this.readSketch(key, service);
      sketches.set(service, sketch);
      for (const address of addresses) sketch.add(address);
      this.statements.saveClients.run(...key, service, sketch.encode());
    }
  }

  private readSketch(key: MinuteKey, service: string): HyperLogLog {
    const row = this.statements.selectClients.get(...key, service);
    return HyperLogLog.decode((row?.sketch as Uint8Array | undefined) ?? new Uint8Array());
  }
}

/** Texts are made bytes by SQLite, and a series' key too: that is cheaper than here. */
function statementsOf(database: DatabaseSync, day: number) {
  const arrays = (sql: string): StatementSync => {
    const statement = database.prepare(sql);
    statement.setReturnArrays(true);
    return statement;
  };
  const [minutes, series, clients] = [`rollup_minutes_${day}`, `rollup_series_${day}`, `rollup_clients_${day}`];
  const hours = `rollup_hour_states_${day}`;
  const tally = TALLY_COLUMNS.join(", ");
  const values = TALLY_COLUMNS.map(() => "?").join(", ");
  const set = TALLY_COLUMNS.map((column) => `${column} = ?`).join(", ");
  const text = "CAST(? AS BLOB)";
  return {
    selectMinute: arrays(`SELECT series, ${tally} FROM ${minutes} WHERE ${KEY}`),
    selectSeries: arrays(`SELECT lower(hex(series)), ${tally} FROM ${series} WHERE ${KEY}`),
    selectClients: database.prepare(`SELECT sketch FROM ${clients} WHERE ${KEY} AND service = ${text}`),
    insertMinute: database.prepare(`INSERT INTO ${minutes} VALUES (?, ?, ?, ?, ${values})`),
    updateMinute: database.prepare(`UPDATE ${minutes} SET series = ?, ${set} WHERE ${KEY}`),
    insertSeries: database.prepare(`INSERT INTO ${series} VALUES (?, ?, ?, unhex(?), ${text}, ${text}, ${values})`),
    updateSeries: database.prepare(`UPDATE ${series} SET ${set} WHERE ${KEY} AND series = unhex(?)`),
    saveClients: database.prepare(`INSERT OR REPLACE INTO ${clients} VALUES (?, ?, ?, ${text}, ?)`),
    changeHour: database.prepare(
      `INSERT INTO ${hours} VALUES (?, ?, ${HOUR_STATE.byMinutes}, 1, ?) ON CONFLICT (tenant, hour) DO UPDATE
        SET state = excluded.state, changes = changes + 1, changed_ms = excluded.changed_ms`,
    ),
  };
}
