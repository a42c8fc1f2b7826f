import type { HyperLogLog } from "../domain/hyperloglog.ts";
import type { Tally } from "../domain/rollup.ts";

/** Which requests, by the minute of the records' own time. */
export interface StatsSelection {
  tenant: string;
  /** Minutes since 1970, both included. */
  fromMinute: number;
  toMinute: number;
  /** Letter for letter; undefined: every one. */
  service: string | undefined;
  /** Without its query, letter for letter; undefined: every one. */
  path: string | undefined;
}

/** What makes a group: these fields being the same. */
export type StatsGrouping = "service" | "path" | "service_and_path";

/** A group: of a service, of a path, or of both. */
export interface StatsGroup {
  service: string | undefined;
  path: string | undefined;
}

/** The busiest groups, and how many there are. */
export interface BusiestGroups {
  /** By requests, the most first; of equally busy ones by the UTF-8 bytes of service, then of path. */
  groups: StatsGroup[];
  total: number;
}

/** The requests of a group in a piece of the time. */
export interface RequestsCell {
  /** Undefined where there were no groups to tell apart. */
  group: StatsGroup | undefined;
  /** The first minute of the piece: a multiple of the step, which may lie before `fromMinute`; `fromMinute` without a step. */
  minute: number;
  tally: Tally;
}

/** The distinct client addresses of a service, or of all, in a piece of the time. */
export interface ClientsCell {
  /** Undefined where services were not to be told apart. */
  service: string | undefined;
  /** As in RequestsCell. */
  minute: number;
  clients: HyperLogLog;
}

/**
 * Statistics over records that have `http`, dropped ones included; each record counted once, however often it was sent.
 *
 * All reject with LogPulseError `store_unavailable`, or `query_too_costly` where they would take longer than
 * STORE_QUERY_MS_MAX. What they read grows with minutes and series, not with records.
 */
export interface LogStats {
  /** At most `size` groups; memory is that of the groups there are, which the store bounds by the minute. */
  busiest(
    selection: StatsSelection,
    grouping: StatsGrouping,
    size: number,
    signal: AbortSignal,
  ): Promise<BusiestGroups>;

  /**
   * Sums by piece of time and group: the cells that have requests, in any order.
   *
   * `stepMinutes`: 1, 60 or 1440; undefined: one piece. `groups`: only requests of these, told apart, all of one
   * grouping; undefined: every request, not told apart. At most STATS_CELLS_MAX cells may come of it.
   */
  requests(
    selection: StatsSelection,
    stepMinutes: number | undefined,
    groups: readonly StatsGroup[] | undefined,
    signal: AbortSignal,
  ): Promise<RequestsCell[]>;

  /** The same for client addresses, which are known by service only: `selection.path` must be undefined. */
  clients(
    selection: StatsSelection,
    stepMinutes: number | undefined,
    services: readonly string[] | undefined,
    signal: AbortSignal,
  ): Promise<ClientsCell[]>;

  /** Resolves if the store answers now; rejects with `store_unavailable`, within two seconds. For readiness. */
  check(): Promise<void>;
}
