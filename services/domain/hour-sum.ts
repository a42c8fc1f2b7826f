import { HyperLogLog } from "./hyperloglog.ts";
import { HOUR_SUM_SERIES_MAX, HOUR_SUM_SERVICES_MAX } from "./limits.ts";
import { addTally, newTally, type Tally } from "./rollup.ts";
import type { Told } from "./told.ts";

/** The requests of one hour, or of one service, one path, or both in it. */
export interface HourGroup {
  /** Empty where services are not told apart. */
  service: string;
  /** Empty where paths are not told apart. */
  path: string;
  tally: Tally;
}

/** Sums the rows of an hour's minutes, of whatever log partitions, as they are read. */
export class HourSum {
  /** By `seriesKey`. */
  readonly series = new Map<string, HourGroup>();
  /** The distinct client addresses by service. */
  readonly clients = new Map<string, HyperLogLog>();

  /** More different series or services than may be in memory were added: the hour cannot be summed up. */
  get isTooMuch(): boolean {
    return this.series.size > HOUR_SUM_SERIES_MAX || this.clients.size > HOUR_SUM_SERVICES_MAX;
  }

  /** Adds the row of a series. */
  addSeries(key: string, service: string, path: string, tally: Tally): void {
    const known = this.series.get(key) ?? { service, path, tally: newTally() };
    this.series.set(key, known);
    addTally(known.tally, tally);
  }

  /** The sums by what is told apart: by service, by path, by both, or one of everything. */
  groups(told: Told): HourGroup[] {
    if (told.service && told.path) return [...this.series.values()];
    const groups = new Map<string, HourGroup>();
    for (const { service, path, tally } of this.series.values()) {
      const name = told.service ? service : told.path ? path : "";
      const empty = { service: told.service ? service : "", path: told.path ? path : "", tally: newTally() };
      const group = groups.get(name) ?? empty;
      groups.set(name, group);
      addTally(group.tally, tally);
    }
    return [...groups.values()];
  }

  /** Adds the row of a service's clients. */
  addClients(service: string, sketch: Uint8Array): void {
    const clients = this.clients.get(service) ?? new HyperLogLog();
    this.clients.set(service, clients);
    clients.merge(HyperLogLog.decode(sketch));
  }
}
