import type { Command } from "../command.ts";
import { LETTER_DETAILS, LETTER_OPTIONS } from "../dead/letter-options.ts";

/** Tries to store dead letters. */
export const deadReplay: Command = {
  name: "dead replay",
  summary: "tries to store open dead letters again, each in the store that refused it",
  usage: "[ID]",
  examples: [
    { line: "logpulse dead replay --store elasticsearch --dry-run", what: "how many it would be" },
    { line: "logpulse dead replay --store elasticsearch", what: "counts them, asks, and tries" },
    { line: "logpulse dead replay --from -24h --yes", what: "does not ask, as scripts need it" },
  ],
  options: [
    ...LETTER_OPTIONS,
    { name: "dry-run", help: "only count: nothing is tried" },
    { name: "yes", help: "do not ask" },
  ],
  details:
    `${LETTER_DETAILS} Without any condition all open letters are meant.\n\n` +
    "A record is stored and counted once, however often its letter is replayed; what is refused again stays open. Exit code 6 " +
    "where some were refused again. With --json each line is a ReplayDeadLettersResponse of the contract.",
  words: { min: 0, max: 1 },
  run: async (context) => (await import("../dead/run-replay.ts")).runReplay(context),
};
