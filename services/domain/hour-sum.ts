import { HyperLogLog } from "./hyperloglog.ts";
import { HOUR_SUM_SERIES_MAX, HOUR_SUM_SERVICES_MAX } from "./limits.ts";
import { addTally, newTally, type Tally } from "./rollup.ts";

/** The requests of one service and path in one hour. */
export interface HourSeries {
  service: string;
  path: string;
  tally: Tally;
}

/** Sums the rows of an hour's minutes, of whatever log partitions, as they are read. */
export class HourSum {
  /** Over all requests. */
  readonly tally: Tally = newTally();
  /** By `seriesKey`. */
  readonly series = new Map<string, HourSeries>();
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
    addTally(this.tally, tally);
  }

  /** Adds the row of a service's clients. */
  addClients(service: string, sketch: Uint8Array): void {
    const clients = this.clients.get(service) ?? new HyperLogLog();
    this.clients.set(service, clients);
    clients.merge(HyperLogLog.decode(sketch));
  }
}
