import { countLetters, listLetters } from "../store/dead-letter-reads.ts";
import type { ThreadCall } from "../thread-calls.ts";
import { listAccess } from "./access-log.ts";
import { facets } from "./facets.ts";
import { histogram, timeSpan } from "./histogram.ts";
import { lookBeside, lookUp } from "./log-lookup.ts";
import { searchPage } from "./log-search.ts";
import { busiest, clients, requests } from "./log-stats.ts";
import { ReadBound, type ReadTime } from "./read-bound.ts";
import type { ReadConnection } from "./read-connection.ts";
import type { StoreReader } from "./store-reader.ts";

/** What a read thread answers. */
export type ReadHandlers = ReturnType<typeof readHandlers>;

/** The reads of the store, each in a transaction of its own. */
export function readHandlers(connection: ReadConnection) {
  /** A handler of the same arguments behind the time that it has. */
  const read =
    <Args extends unknown[], Answer>(work: (reader: StoreReader, ...args: Args) => Answer) =>
    (call: ThreadCall, time: ReadTime, ...args: Args): Answer =>
      connection.read(new ReadBound(time, call.isCancelled), (reader) => work(reader, ...args));
  return {
    search: read(searchPage),
    lookUp: read(lookUp),
    lookBeside: read(lookBeside),
    list: read(listAccess),
    timeSpan: read(timeSpan),
    histogram: read(histogram),
    facets: read(facets),
    busiest: read(busiest),
    requests: read(requests),
    clients: read(clients),
    listLetters: read(listLetters),
    countLetters: read(countLetters),
    check: read((reader) => void reader.rows("SELECT day FROM record_days")),
    /** Answered when the thread has nothing else to do. */
    idle: () => undefined,
    close: () => connection.close(),
  };
}
