import type { DestinationStream } from "pino";

const PLAIN = /^[\w.:/@+-]+$/;

/** Turns the lines of our log into lines for people, and writes each where `write` leads: for terminals. */
export function readableLog(write: (line: string) => void): DestinationStream {
  return { write: (line) => write(readable(line)) };
}

/**
 * `12:00:00 warn  message key=value`, in UTC; an error's stack on lines of its own. What is not a plain word stands as
 * JSON, so that no text can move the cursor or feign another line.
 */
function readable(line: string): string {
  const { time = "", level = "", msg = "", err, ...facts } = JSON.parse(line) as Record<string, unknown>;
  const pairs = Object.entries(facts).map(([key, value]) => ` ${word(key)}=${word(value)}`);
  const head = `${String(time).slice(11, 19)} ${String(level).padEnd(5)} ${harmless(String(msg))}${pairs.join("")}\n`;
  return err === undefined ? head : head + stackOf(err);
}

function word(value: unknown): string {
  return typeof value === "string" && PLAIN.test(value) ? value : harmless(JSON.stringify(value) ?? "undefined");
}

function stackOf(err: unknown): string {
  const { stack, message } = err as { stack?: string; message?: string };
  const lines = (stack ?? message ?? JSON.stringify(err)).split("\n");
  return lines.map((line) => `    ${harmless(line.trim())}\n`).join("");
}

/** JSON leaves C1 controls, deletes and marks of direction as they are. */
function harmless(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    return `\\u{${code}}`;
  });
}
