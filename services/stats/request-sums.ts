import { LogPulseError } from "../domain/errors.ts";
import { HyperLogLog } from "../domain/hyperloglog.ts";
import { STATS_CELLS_AT_ONCE_MAX, STATS_MS_MAX } from "../domain/limits.ts";
import { addTally, newTotal, type Tally } from "../domain/rollup.ts";
import type { Clock } from "../ports/clock.ts";
import type { BusiestGroups, LogStats, StatsGroup, StatsGrouping, StatsSelection } from "../ports/log-stats.ts";
import { groupingOf, groupKey } from "../ports/stats-cells.ts";
import { partsOf } from "./time-pieces.ts";

/** What is known of some requests. */
export interface RequestSum {
  tally: Tally;
  /** Their distinct addresses; undefined where they were not asked for, or are not known. */
  clients: HyperLogLog | undefined;
}

/** The sum over a group in a piece of the time. */
export interface SumCell {
  /** Undefined where there are no groups. */
  group: StatsGroup | undefined;
  minute: number;
  sum: RequestSum;
}

/** Adds the requests of `more` to `sum`. */
export function addSum(sum: RequestSum, more: RequestSum): void {
  addTally(sum.tally, more.tally);
  if (more.clients) sum.clients?.merge(more.clients);
}

/** What one question asks of the store: in looks that are small enough to be held, and none once its time is up. */
export class RequestSums {
  private readonly stats: LogStats;
  private readonly clock: Clock;
  private readonly endMs: number;
  private readonly withClients: boolean;
  private readonly signal: AbortSignal;

  /** `withClients`: whether distinct addresses are asked for. */
  constructor({ stats, clock }: { stats: LogStats; clock: Clock }, withClients: boolean, signal: AbortSignal) {
    this.stats = stats;
    this.clock = clock;
    this.endMs = clock.nowMs() + STATS_MS_MAX;
    this.withClients = withClients;
    this.signal = signal;
  }

  /** A sum over nothing of what `each` sums. */
  empty({ path }: StatsSelection, grouping: StatsGrouping | undefined): RequestSum {
    const areKnown = this.withClients && path === undefined && (grouping === undefined || grouping === "service");
    return { tally: newTotal(), clients: areKnown ? new HyperLogLog() : undefined };
  }

  /** As `LogStats.busiest`. */
  busiest(selection: StatsSelection, grouping: StatsGrouping, size: number): Promise<BusiestGroups> {
    this.requireTime();
    return this.stats.busiest(selection, grouping, size, this.signal);
  }

  /** Hands over every cell that has requests, in any order; arguments as of `LogStats.requests`. */
  async each(
    selection: StatsSelection,
    stepMinutes: number | undefined,
    groups: readonly StatsGroup[] | undefined,
    take: (cell: SumCell) => void,
  ): Promise<void> {
    const piecesMax = Math.floor(STATS_CELLS_AT_ONCE_MAX / Math.max(1, groups?.length ?? 1));
    for (const part of partsOf(selection, stepMinutes, piecesMax)) {
      this.requireTime();
      const cells = await this.stats.requests(part, stepMinutes, groups, this.signal);
      const clientsOf = await this.clients(part, stepMinutes, groups);
      for (const { group, minute, tally } of cells)
        take({ group, minute, sum: { tally, clients: clientsOf?.(group, minute) } });
    }
  }

  private async clients(
    selection: StatsSelection,
    stepMinutes: number | undefined,
    groups: readonly StatsGroup[] | undefined,
  ): Promise<((group: StatsGroup | undefined, minute: number) => HyperLogLog) | undefined> {
    const grouping = groups?.[0] && groupingOf(groups[0]);
    if (!this.empty(selection, grouping).clients) return undefined;
    this.requireTime();
    const services = groups?.map(({ service }) => service!);
    const cells = await this.stats.clients(selection, stepMinutes, services, this.signal);
    const keyOf = (group: StatsGroup | undefined, minute: number) => `${minute} ${groupKey(group)}`;
    const found = new Map(
      cells.map(({ service, minute, clients }) => [keyOf({ service, path: undefined }, minute), clients]),
    );
    return (group, minute) => found.get(keyOf(group, minute)) ?? new HyperLogLog(); // No request had an address.
  }

  private requireTime(): void {
    if (this.clock.nowMs() < this.endMs) return;
    throw new LogPulseError("query_too_costly", `it would take longer than ${STATS_MS_MAX} ms: ask for less`);
  }
}
