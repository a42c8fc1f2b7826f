import { HyperLogLog } from "../../domain/hyperloglog.ts";
import type { LoggedRecord } from "../../domain/logged-batch.ts";
import { addTally, newTally, rollUp, type Tally } from "../../domain/rollup.ts";

/** Requests counted together, and their distinct clients. */
export interface TalliedRequests {
  tally: Tally;
  clients: HyperLogLog;
}

/** The statistics of the memory store: sums for each tenant, producer day and minute. */
export class MinuteTallies {
  /** By tenant, then by producer day, then by minute. */
  private readonly tenants = new Map<string, Map<number, Map<number, TalliedRequests>>>();

  /** Counts the records that have `http`. */
  add(tenant: string, producerDay: number, records: Iterable<LoggedRecord>): void {
    const rollups = rollUp(records);
    if (rollups.size === 0) return; // A day without requests is no day to forget.
    const days = valueAt(this.tenants, tenant, () => new Map<number, Map<number, TalliedRequests>>());
    const minutes = valueAt(days, producerDay, () => new Map<number, TalliedRequests>());
    for (const [minute, { tally, series }] of rollups) {
      const sum = valueAt(minutes, minute, noRequests);
      addTally(sum.tally, tally);
      for (const { clients } of series.values()) for (const client of clients) sum.clients.add(client);
    }
  }

  /** Sums the minutes from the first to the last, both included. */
  sum(tenant: string, fromMinute: number, toMinute: number): TalliedRequests {
    const sum = noRequests();
    for (const minutes of this.tenants.get(tenant)?.values() ?? []) {
      for (const [minute, { tally, clients }] of minutes) {
        if (minute < fromMinute || minute > toMinute) continue;
        addTally(sum.tally, tally);
        sum.clients.merge(clients);
      }
    }
    return sum;
  }

  /** Forgets what producers of earlier days have sent; gives the days of which there was anything. */
  dropBefore(firstDay: number): Set<number> {
    const dropped = new Set<number>();
    for (const days of this.tenants.values()) {
      for (const day of days.keys()) {
        if (day < firstDay && days.delete(day)) dropped.add(day);
      }
    }
    return dropped;
  }
}

function valueAt<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

function noRequests(): TalliedRequests {
  return { tally: newTally(), clients: new HyperLogLog() };
}
