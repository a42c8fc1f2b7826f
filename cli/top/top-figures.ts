/** Figures of one service or path, or of all together. Undefined: not known, or nothing to know without requests. */
export interface TopFigures {
  requests: number;
  /** Requests per second, or at least so many (see `areRatesAtLeast`). */
  rate: number | undefined;
  /** Shares of the requests, from 0 to 1. */
  clientErrorShare: number | undefined;
  serverErrorShare: number | undefined;
  /** Milliseconds. */
  p50: number | undefined;
  p99: number | undefined;
  max: number | undefined;
  /** Distinct addresses of callers; known of services only. */
  addresses: number | undefined;
}

/** A service or path. */
export interface TopGroup extends TopFigures {
  /** "" is a group too: of requests that name none. */
  name: string;
}

/** What was found at one look. */
export interface TopLook {
  /** When it was asked for, in milliseconds since 1970. */
  atMs: number;
  /** From when on requests are counted. */
  fromMs: number;
  /** Until when everything is counted; undefined where nobody can say. */
  completeToMs: number | undefined;
  /** Rates may be higher: requests that have come are not counted yet. */
  areRatesAtLeast: boolean;
  all: TopFigures;
  /** At most TOP_GROUPS_MAX, the busiest. */
  groups: readonly TopGroup[];
  /** How many there are. */
  groupsTotal: number;
}
