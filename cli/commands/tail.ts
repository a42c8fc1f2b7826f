import { CONDITION_OPTIONS, QUERY_DETAILS } from "../asking/condition-options.ts";
import type { Command } from "../command.ts";

/** Follows the log. */
export const tail: Command = {
  name: "tail",
  summary: "shows records as they come, until Ctrl-C",
  usage: "[QUERY…]",
  examples: [
    { line: "logpulse tail -l warn -s auth", what: "warnings and worse of a service, from now on" },
    {
      line: "logpulse tail 'status>=500' --since -10m",
      what: "what came in the last ten minutes, and then what comes",
    },
    { line: "logpulse tail -s shop --for 5m > shop.log", what: "five minutes of it" },
    { line: "logpulse tail --cursor-file shop.cursor --json >> shop.ndjson", what: "goes on where the last run ended" },
    { line: "logpulse tail -l fatal | head -1", what: "waits for one record" },
  ],
  options: [
    ...CONDITION_OPTIONS,
    { name: "since", value: "TIME", help: "begin with what was received since then: -10m, 10:42" },
    { name: "cursor-file", value: "FILE", help: "keep the place in this file, and go on there when it exists" },
    { name: "for", value: "TIME", help: "end after so long: 10m" },
    { name: "id", help: "each record's id at the end of its line, for logpulse get" },
  ],
  details:
    `${QUERY_DETAILS}\n\n` +
    "A tail that is cut off connects again by itself and goes on behind the last record that it has shown: it leaves nothing " +
    "out and repeats nothing. What a sender sent again may come again behind a cut, with the same id. What this side was too slow to take is fetched and shown in its place. Records that the log " +
    "does not hold any more are told, and the exit code is then 6. With --cursor-file a place is kept only when its records " +
    "have been written.\n\n" +
    "With --json each line is a TailLogsResponse of the contract with one record; those that end a message of the server " +
    "have its cursor. Where records are missing that the log does not hold any more, a line has `lagged` instead of `records`.",
  words: { min: 0, max: Number.POSITIVE_INFINITY },
  run: async (context) => (await import("../tail/run-tail.ts")).runTail(context),
};
