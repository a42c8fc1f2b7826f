import type { OptionValues } from "./command.ts";
import { CommandFailure, EXIT } from "./exit-code.ts";
import { parseDuration } from "./parse-duration.ts";

/** The option's text; undefined where it was not given. */
export function textOption(options: OptionValues, name: string): string | undefined {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
}

/**
 * The same of an option that narrows what is meant. Empty text is refused: a script's variable that is not set would mean
 * everything. `wanted`: "a name".
 */
export function filledTextOption(options: OptionValues, name: string, wanted: string): string | undefined {
  const text = textOption(options, name);
  if (text !== "") return text;
  throw wrongValue(name, text, `${wanted}; without --${name} all are meant`);
}

/**
 * The option's text, which is one of the choices; undefined where it was not given.
 *
 * @throws CommandFailure that names them.
 */
export function choiceOption<Choice extends string>(
  options: OptionValues,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  const text = textOption(options, name);
  const chosen = choices.find((choice) => choice === text);
  if (text === undefined || chosen !== undefined) return chosen;
  throw wrongValue(name, text, choices.length === 1 ? choices[0]! : `one of ${choices.join(", ")}`);
}

/** @throws CommandFailure where it is no whole number from `min` to `max`. */
export function wholeNumberOption(options: OptionValues, name: string, min: number, max: number): number | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw wrongValue(name, text, `a whole number from ${min} to ${max}`);
}

/** A length of time in milliseconds. @throws CommandFailure where it is none, or not from `minMs` to `maxMs`. */
export function durationOption(options: OptionValues, name: string, minMs: number, maxMs: number): number | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= minMs && ms <= maxMs) return ms;
  throw wrongValue(name, text, `a length of time like 90s, 5m, 1h30m, from ${msText(minMs)} to ${msText(maxMs)}`);
}

/** The failure for a value that an option can not have. */
export function wrongValue(name: string, text: string, wanted: string): CommandFailure {
  return new CommandFailure(EXIT.usage, `--${name} is "${text}"; it must be ${wanted}`);
}

function msText(ms: number): string {
  const units: [number, string][] = [
    [86_400_000, "d"],
    [3_600_000, "h"],
    [60_000, "m"],
    [1_000, "s"],
  ];
  const [unitMs, unit] = units.find(([unitMs]) => ms >= unitMs && ms % unitMs === 0) ?? [1, "ms"];
  return `${ms / unitMs}${unit}`;
}
