import type { DatabaseSync, StatementSync } from "node:sqlite";
import { HyperLogLog } from "../../domain/hyperloglog.ts";
import { ROLLUP_SERIES_PER_MINUTE_MAX } from "../../domain/limits.ts";
import {
  addTally,
  limitSeries,
  type MinuteRollup,
  OTHER,
  type Series,
  seriesKey,
  type Tally,
} from "../../domain/rollup.ts";
import { TALLY_COLUMNS, type TallyValues, tallyOf, tallyValues } from "./tally-columns.ts";

const KEY = "tenant = ? AND minute = ? AND log_partition = ?";
const OTHER_KEY = seriesKey(OTHER, OTHER);

/** The key of a minute's rows, in the order of KEY. */
type MinuteKey = [tenant: number, minute: number, logPartition: number];

/** The rollups of one producer day, as their one writer uses them. */
export class RollupDay {
  private readonly selectMinute: StatementSync;
  private readonly selectSeries: StatementSync;
  private readonly selectClients: StatementSync;
  private readonly saveMinute: StatementSync;
  private readonly saveSeries: StatementSync;
  private readonly saveClients: StatementSync;

  constructor(database: DatabaseSync, day: number) {
    const tally = TALLY_COLUMNS.join(", ");
    this.selectMinute = database.prepare(`SELECT ${tally}, series FROM rollup_minutes_${day} WHERE ${KEY}`);
    this.selectSeries = database.prepare(`SELECT ${tally} FROM rollup_series_${day} WHERE ${KEY} AND series = ?`);
    this.selectClients = database.prepare(`SELECT sketch FROM rollup_clients_${day} WHERE ${KEY} AND service = ?`);
    for (const select of [this.selectMinute, this.selectSeries]) select.setReturnArrays(true);
    const tallies = TALLY_COLUMNS.map(() => "?").join(", ");
    this.saveMinute = database.prepare(`INSERT OR REPLACE INTO rollup_minutes_${day} VALUES (?, ?, ?, ?, ${tallies})`);
    this.saveSeries = database.prepare(
      `INSERT OR REPLACE INTO rollup_series_${day} VALUES (?, ?, ?, ?, ?, ?, ${tallies})`,
    );
    this.saveClients = database.prepare(`INSERT OR REPLACE INTO rollup_clients_${day} VALUES (?, ?, ?, ?, ?)`);
  }

  /** Adds sums over records that were never counted before. `minutes` is changed. */
  add(tenant: number, logPartition: number, minutes: ReadonlyMap<number, MinuteRollup>): void {
    for (const [minute, rollup] of minutes) {
      const key: MinuteKey = [tenant, minute, logPartition];
      this.addMinute(key, rollup);
      this.addClients(key, rollup); // After the series were limited: clients of what became `other` count there.
    }
  }

  private addMinute(key: MinuteKey, rollup: MinuteRollup): void {
    const row = this.selectMinute.get(...key) as unknown as [...TallyValues, number] | undefined;
    const seriesBefore = row ? row[6] : 0;
    const stored = row ? this.storedSeries(key, rollup.series) : new Map<string, Tally>();
    const added = limitSeries(rollup, new Set(stored.keys()), seriesBefore, ROLLUP_SERIES_PER_MINUTE_MAX);
    if (row) addTally(rollup.tally, tallyOf(row.slice(0, 6) as TallyValues));
    this.saveMinute.run(...key, seriesBefore + added, ...tallyValues(rollup.tally));
    for (const [name, { service, path, tally }] of rollup.series) {
      const before = stored.get(name);
      if (before) addTally(tally, before);
      const names = [Buffer.from(name, "hex"), Buffer.from(service), Buffer.from(path)] as const;
      this.saveSeries.run(...key, ...names, ...tallyValues(tally));
    }
  }

  /** Of these series and of `other`, those that are stored. */
  private storedSeries(key: MinuteKey, series: ReadonlyMap<string, Series>): Map<string, Tally> {
    const stored = new Map<string, Tally>();
    for (const name of new Set([...series.keys(), OTHER_KEY])) {
      const row = this.selectSeries.get(...key, Buffer.from(name, "hex")) as unknown as TallyValues | undefined;
      if (row) stored.set(name, tallyOf(row));
    }
    return stored;
  }

  private addClients(key: MinuteKey, rollup: MinuteRollup): void {
    for (const [service, addresses] of clientsByService(rollup)) {
      const name = Buffer.from(service);
      const row = this.selectClients.get(...key, name);
      const sketch = HyperLogLog.decode((row?.sketch as Uint8Array | undefined) ?? new Uint8Array());
      for (const address of addresses) sketch.add(address);
      this.saveClients.run(...key, name, sketch.encode());
    }
  }
}

function clientsByService({ series }: MinuteRollup): Map<string, Set<string>> {
  const clients = new Map<string, Set<string>>();
  for (const { service, clients: ofSeries } of series.values()) {
    if (ofSeries.size === 0) continue;
    const addresses = clients.get(service) ?? new Set();
    clients.set(service, addresses);
    for (const address of ofSeries) addresses.add(address);
  }
  return clients;
}
