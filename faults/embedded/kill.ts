import type { EmbeddedFault } from "./embedded-fault.ts";
import { KillRounds } from "./kill-rounds.ts";

/** Kills, and nothing else. */
export const embeddedKill: EmbeddedFault = {
  name: "embedded-kill",
  summary:
    "kill -9 of the embedded mode's process at random moments, also while it starts, and twice in a row; it goes on with the same folder",
  roundsUsual: 200,
  run: (settings) =>
    new KillRounds({ fault: embeddedKill, settings, roundsPerCheck: 20, recordsPerFolderMax: 250_000 }).run(),
};
