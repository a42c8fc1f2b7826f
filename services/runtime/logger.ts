import { type DestinationStream, type Logger, pino } from "pino";

/** What the parts log with. Fields first, then a sentence; an error goes under `err`. */
export type Log = Pick<Logger, "debug" | "info" | "warn" | "error" | "fatal">;

/** The levels a log may have, from the most talkative. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

const SECRET_NAMES = ["password", "secret", "token", "authorization", "cookie", "apiKey", "api_key"];

/** The user and password of an address, wherever it stands in a line: `mysql://root:secret@host`. */
const ADDRESS_PASSWORD = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"]*):[^\s/@"]+@/gi;

/**
 * Our own log: one JSON object a line, to standard output unless told otherwise.
 *
 * Values under the usual names of secrets, up to two levels deep, and passwords in addresses are never written.
 */
export function makeLogger(level: (typeof LOG_LEVELS)[number], destination?: DestinationStream): Logger {
  const options = {
    level,
    base: undefined,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
      censor: "[not logged]",
    },
    hooks: { streamWrite: (line: string) => line.replace(ADDRESS_PASSWORD, "$1:[not logged]@") },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
