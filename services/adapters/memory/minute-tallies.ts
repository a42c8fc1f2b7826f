import { HyperLogLog } from "../../domain/hyperloglog.ts";
import type { LoggedRecord } from "../../domain/logged-batch.ts";
import { addTally, newTally, rollUp, type Tally } from "../../domain/rollup.ts";

/** Requests counted together, and their distinct clients. */
export interface TalliedRequests {
  tally: Tally;
  clients: HyperLogLog;
}

/** The statistics of the memory store: sums for each tenant and minute. */
export class MinuteTallies {
  private readonly minutes = new Map<string, Map<number, TalliedRequests>>();

  /** Counts the records that have `http`. */
  add(tenant: string, records: Iterable<LoggedRecord>): void {
    const ofTenant = this.minutes.get(tenant) ?? new Map<number, TalliedRequests>();
    this.minutes.set(tenant, ofTenant);
    for (const [minute, { tally, series }] of rollUp(records)) {
      const sum = ofTenant.get(minute) ?? noRequests();
      ofTenant.set(minute, sum);
      addTally(sum.tally, tally);
      for (const { clients } of series.values()) for (const client of clients) sum.clients.add(client);
    }
  }

  /** Sums the minutes from the first to the last, both included. */
  sum(tenant: string, fromMinute: number, toMinute: number): TalliedRequests {
    const sum = noRequests();
    for (const [minute, { tally, clients }] of this.minutes.get(tenant) ?? []) {
      if (minute < fromMinute || minute > toMinute) continue;
      addTally(sum.tally, tally);
      sum.clients.merge(clients);
    }
    return sum;
  }
}

function noRequests(): TalliedRequests {
  return { tally: newTally(), clients: new HyperLogLog() };
}
