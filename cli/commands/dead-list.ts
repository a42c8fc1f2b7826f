import type { Command } from "../command.ts";
import { LETTER_DETAILS, LETTER_OPTIONS, LETTER_STATES } from "../dead/letter-options.ts";

/** Lists dead letters. */
export const deadList: Command = {
  name: "dead list",
  summary: "lists what the stores refused for ever, the newest first",
  usage: "[ID]",
  examples: [
    { line: "logpulse dead list", what: "what is not stored and may be replayed" },
    {
      line: "logpulse dead list --store mysql --reason conflict --from -24h",
      what: "of one store and reason, of a day",
    },
    { line: "logpulse dead list --state any --limit 1000 --json", what: "all states, for programs" },
  ],
  options: [
    ...LETTER_OPTIONS,
    { name: "state", value: "STATE", help: "open unless given; stored, expired, any", choices: LETTER_STATES },
    { name: "limit", value: "N", help: "at most so many; 50 unless given" },
  ],
  details: `${LETTER_DETAILS}\n\nWith --json each line is a ListedDeadLetter of the contract.`,
  words: { min: 0, max: 1 },
  run: async (context) => (await import("../dead/run-list.ts")).runList(context),
};
