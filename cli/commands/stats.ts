import type { Command } from "../command.ts";

/** Latency, errors and traffic of requests. */
export const stats: Command = {
  name: "stats",
  summary: "tells how long requests took, how they ended, how many there were",
  usage: "latency|errors|traffic",
  examples: [
    { line: "logpulse stats latency --by path", what: "percentiles of the last hour, the busiest paths first" },
    { line: "logpulse stats errors --by service --range 24h --compare previous", what: "a day beside the day before" },
    { line: "logpulse stats traffic -s shop --step minute --range 15m", what: "one service, minute by minute" },
    { line: "logpulse stats errors --from 2026-03-01 --to 2026-03-02 --json", what: "with each status" },
  ],
  options: [
    { name: "range", value: "TIME", help: "so long before --to; 1h unless given" },
    { name: "from", value: "TIME", help: "from this time on" },
    { name: "to", value: "TIME", help: "before this time; now unless given" },
    {
      name: "by",
      value: "GROUP",
      help: "for each service, path, or both",
      choices: ["service", "path", "service,path"],
    },
    { name: "step", value: "STEP", help: "for each minute, hour or day", choices: ["minute", "hour", "day"] },
    { name: "service", short: "s", value: "NAME", help: "only of this service, letter for letter" },
    { name: "path", value: "PATH", help: "only with this path, letter for letter, without its query" },
    { name: "limit", value: "N", help: "at most so many groups; 10 unless given" },
    {
      name: "compare",
      value: "PERIOD",
      help: "beside the time of equal length before: previous; not with --step",
      choices: ["previous"],
    },
  ],
  details: `Of records that tell of a request, each counted once, however often it was sent and however late it came, also those \
that a drop rule keeps out of the stores. Times are whole minutes. Counts, bytes, means and maxima are exact; percentiles and \
distinct addresses are estimates, whose error is told on standard error with what else the figures rest on.

With --json the answer is the contract's GetLatencyResponse, GetErrorsResponse or GetTrafficResponse.`,
  words: { min: 1, max: 1 },
  run: async (context) => (await import("../stats/run-stats.ts")).runStats(context),
};
