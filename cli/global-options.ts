import type { CommandOption } from "./command.ts";

/** When colours are used. */
export const COLOR_CHOICES = ["auto", "always", "never"] as const;

/** What all commands take. */
export const GLOBAL_OPTIONS: readonly CommandOption[] = [
  { name: "addr", value: "HOST:PORT", help: "the server; else LOGPULSE_ADDR, the profile in use, 127.0.0.1:8080" },
  { name: "profile", value: "NAME", help: "the server that was named so by logpulse profile set" },
  { name: "json", help: "data as JSON, one object a line, with every text as it is" },
  { name: "plain", help: "no colours, columns apart by tabs, times as RFC 3339 in UTC" },
  { name: "color", value: "WHEN", help: "colours: auto (on a terminal), always, never", choices: COLOR_CHOICES },
  { name: "utc", help: "times in UTC, not in the zone of this machine" },
  { name: "quiet", help: "nothing but data and errors" },
  { name: "timeout", value: "TIME", help: "how long to wait for an answer, with all tries: 30s" },
  { name: "no-input", help: "never ask, not even on a terminal" },
  { name: "help", short: "h", help: "what the command does, with examples" },
  { name: "version", help: "the version of logpulse" },
];
