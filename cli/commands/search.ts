import { CONDITION_OPTIONS, QUERY_DETAILS } from "../asking/condition-options.ts";
import type { Command } from "../command.ts";

/** Finds records. */
export const search: Command = {
  name: "search",
  summary: "finds records, the newest first",
  usage: "[QUERY…]",
  examples: [
    { line: "logpulse search timeout", what: "the last 15 minutes' records with the word timeout" },
    {
      line: "logpulse search -l warn -s auth --from -2h",
      what: "warnings and worse of a service, of the last two hours",
    },
    {
      line: "logpulse search 'status>=500 latency>1s' --from 2026-03-01 --to 2026-03-02",
      what: "slow server errors of a day",
    },
    { line: "logpulse search 'connection refused' --context 5", what: "each with five records before and behind it" },
    { line: "logpulse search -s auth --from -24h --limit all --json > auth.ndjson", what: "all of them, however many" },
    { line: "logpulse search -l error --count", what: "how many there are" },
    { line: "logpulse search 'level:fatal' --exit-status || echo none", what: "for scripts: 1 where nothing is found" },
  ],
  options: [
    ...CONDITION_OPTIONS,
    { name: "from", value: "TIME", help: "of this time and later; -15m unless given" },
    { name: "to", value: "TIME", help: "before this time; ten minutes from now unless given" },
    { name: "limit", value: "N|all", help: "at most so many; 100 unless given", choices: ["all"] },
    { name: "oldest-first", help: "the oldest first" },
    { name: "context", value: "N", help: "each with so many records before and behind it" },
    { name: "count", help: "only how many there are" },
    { name: "exit-status", help: "exit code 1 where nothing is found" },
    { name: "id", help: "each record's id at the end of its line, for logpulse get" },
  ],
  details:
    `${QUERY_DETAILS}\n\n` +
    "TIME is RFC 3339, 2026-03-01 (its beginning), 2026-03-01T10:42:07, 10:42 (today), now, or -15m (so long ago).\n\n" +
    "With --json each line is a StoredLog of the contract, with --count a GetHistogramResponse, with --context a " +
    "GetContextResponse. A search that runs out of time says that it is not whole, and ends with exit code 6.",
  words: { min: 0, max: Number.POSITIVE_INFINITY },
  run: async (context) => (await import("../asking/run-search.ts")).runSearch(context),
};
