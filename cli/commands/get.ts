import type { Command } from "../command.ts";

/** Shows one record. */
export const get: Command = {
  name: "get",
  summary: "shows one record with all of its fields",
  usage: "ID",
  examples: [
    { line: "logpulse get 01a20065a9ea700ea941c32e49e47eac-42", what: "the record of this identity" },
    { line: "logpulse search -l error --id --limit 5", what: "finds identities" },
  ],
  options: [],
  details: "With --json it is the StoredLog of the contract. A record that is not stored ends with exit code 1.",
  words: { min: 1, max: 1 },
  run: async (context) => (await import("../asking/run-get.ts")).runGet(context),
};
