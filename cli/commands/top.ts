import type { Command } from "../command.ts";

/** The busiest services or paths, as they change. */
export const top: Command = {
  name: "top",
  summary: "shows the busiest services or paths, as they change",
  usage: "",
  examples: [
    { line: "logpulse top", what: "services of the last five minutes, anew every two seconds" },
    { line: "logpulse top --by path --sort p99", what: "the slowest paths first" },
    { line: "logpulse top --once --sort errors", what: "one table, for a script or a ticket" },
    { line: "logpulse top --json", what: "one object" },
  ],
  options: [
    { name: "by", value: "GROUP", help: "service, or path", choices: ["service", "path"] },
    {
      name: "sort",
      value: "COLUMN",
      help: "name, rate, 4xx, errors (5xx), p50, p99, max, or addresses; rate unless given",
      choices: ["name", "rate", "4xx", "errors", "p50", "p99", "max", "addresses"],
    },
    { name: "range", value: "TIME", help: "how far back is counted; 5m unless given" },
    { name: "interval", value: "TIME", help: "how often it is asked anew; 2s unless given" },
    { name: "once", help: "one table; also where the output is no terminal" },
  ],
  details: `On a terminal: q quits, / filters by a part of the name, s or 1 to 9 sort by a column (the same again turns it round), \
r turns the order round, space pauses, arrows choose a row and Enter goes on as logpulse tail of it, ? shows all keys.

Counted are records that tell of a request, by whole minutes, of the 200 busiest services or paths. 4xx and 5xx are shares of the \
requests; percentiles are within 1 %.`,
  words: { min: 0, max: 0 },
  run: async (context) => (await import("../top/run-top.ts")).runTop(context),
};
