import type { CommandOption } from "../command.ts";

/** Words of `--state`. */
export const LETTER_STATES = ["open", "stored", "expired", "any"] as const;

/** What every command takes that is about some dead letters. */
export const LETTER_OPTIONS: readonly CommandOption[] = [
  { name: "store", value: "NAME", help: "of the store that refused: sqlite, elasticsearch, mysql" },
  { name: "reason", value: "REASON", help: "of this reason, exactly: conflict" },
  { name: "from", value: "TIME", help: "listed at this time or later" },
  { name: "to", value: "TIME", help: "listed before this time" },
];

/** How a letter is named, for help. */
export const LETTER_DETAILS =
  "ID is a record's identity (of all letters of the record), or a letter's key of 64 digits. TIME is RFC 3339, 2026-03-01, " +
  "10:42 (today), or -15m (so long ago).";
