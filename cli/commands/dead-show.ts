import type { Command } from "../command.ts";
import { LETTER_DETAILS } from "../dead/letter-options.ts";

/** Shows dead letters of one record. */
export const deadShow: Command = {
  name: "dead show",
  summary: "shows a dead letter with what the store said and the record itself",
  usage: "ID",
  examples: [
    { line: "logpulse dead show 01a20065a9ea700ea941c32e49e47eac-42", what: "of this record" },
    { line: "logpulse dead list", what: "finds identities and keys" },
  ],
  options: [],
  details:
    `${LETTER_DETAILS}\n\n` +
    "With --json it is a ListedDeadLetter of the contract, with the original bytes. Exit code 1 where there is none.",
  words: { min: 1, max: 1 },
  run: async (context) => (await import("../dead/run-show.ts")).runShow(context),
};
