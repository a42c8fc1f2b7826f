import type { CommandOption } from "../command.ts";

/** Levels that `--level` takes, from the least to the worst. */
export const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

/** What every command takes that asks for records. */
export const CONDITION_OPTIONS: readonly CommandOption[] = [
  { name: "level", short: "l", value: "LEVEL", help: `this level and worse: ${LEVELS.join(", ")}`, choices: LEVELS },
  { name: "service", short: "s", value: "NAME", help: "of this service, letter for letter" },
];

/** How queries are written, for help. */
export const QUERY_DETAILS =
  "QUERY is in the language of docs/query-language.md: words of the message, level>=warn, service:auth, status>=500, " +
  'latency>1s, path:/api/*, attr.user:42, "connection refused", -path:/health, OR, (…). Several words are joined by blanks. ' +
  "Put it in quotes, since < and > mean something to a shell; one that begins with a dash stands behind --.";
