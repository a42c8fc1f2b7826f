import { CommandFailure, EXIT } from "./exit-code.ts";
import { drawnText } from "./terminal/drawn-text.ts";

/** What went wrong, with its exit code. Only a bug shows where it happened. */
export function toFailure(reason: unknown): CommandFailure {
  if (reason instanceof CommandFailure) return reason;
  const text = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
  return new CommandFailure(EXIT.failed, `this is a bug of logpulse, please report it: ${text}`);
}

/** For standard error: one sentence, and a line of advice where there is some. */
export function failureText({ message, advice }: CommandFailure): string {
  const text = advice ? `logpulse: ${message}\n${advice}` : `logpulse: ${message}`;
  return `${text.split("\n").map(drawnText).join("\n")}\n`;
}
