import { nearestName } from "../services/domain/nearest-name.ts";
import { CommandFailure, EXIT } from "./exit-code.ts";
import { GLOBAL_OPTIONS } from "./global-options.ts";
import { optionAt, readGlobalOptions } from "./read-options.ts";

/** What a command line asks for. `name` of help: a command, the first word of some ("dead"), or "" for all. */
export type CommandCall =
  | { kind: "command"; name: string; args: readonly string[] }
  | { kind: "help"; name: string }
  | { kind: "version" };

/**
 * Finds the command's name, which may stand behind options that all commands have.
 *
 * @throws CommandFailure where there is no such command, with the one that was most likely meant.
 */
export function findCommand(args: readonly string[], names: readonly string[]): CommandCall {
  const at = firstWord(args, 0);
  const before = readGlobalOptions(args.slice(0, at));
  const word = args[at];
  if (word === undefined || word === "--") {
    if (before.version) return { kind: "version" };
    if (before.help || args.length === 0) return { kind: "help", name: "" };
    throw new CommandFailure(EXIT.usage, "there is no command", "`logpulse --help` lists them.");
  }
  if (word === "help") return { kind: "help", name: helpName(args.slice(at + 1), names) };
  if (names.includes(word)) return { kind: "command", name: word, args: args.toSpliced(at, 1) };
  const isFirstOfTwo = names.some((name) => name.startsWith(`${word} `));
  if (!isFirstOfTwo) throw unknownCommand(word, names);
  return findSecondWord(args.toSpliced(at, 1), at, word, names);
}

function findSecondWord(args: readonly string[], from: number, first: string, names: readonly string[]): CommandCall {
  const at = firstWord(args, from);
  const second = args[at];
  if (second === undefined || second === "--") {
    if (readGlobalOptions(args.slice(0, at)).help) return { kind: "help", name: first };
    throw new CommandFailure(EXIT.usage, `${first} what? ${listOf(first, names)}`);
  }
  const name = `${first} ${second}`;
  if (!names.includes(name)) throw unknownCommand(name, names);
  return { kind: "command", name, args: args.toSpliced(at, 1) };
}

/** Where the first argument stands that is neither an option that all commands have nor its value. */
function firstWord(args: readonly string[], from: number): number {
  let at = from;
  for (; at < args.length; at++) {
    const option = optionAt(args, at, GLOBAL_OPTIONS);
    if (option === undefined) break;
    at += option.argsUsed - 1;
  }
  return at;
}

function helpName(words: readonly string[], names: readonly string[]): string {
  const name = words.filter((word) => !word.startsWith("-")).join(" ");
  const isKnown = name === "" || names.some((known) => known === name || known.startsWith(`${name} `));
  if (!isKnown) throw unknownCommand(name, names);
  return name;
}

function unknownCommand(name: string, names: readonly string[]): CommandFailure {
  const [first = ""] = name.split(" ");
  const meant = nearestName(name, [...names, "help"]);
  const isFirstOfTwo = names.some((known) => known.startsWith(`${first} `));
  const advice = meant ? `did you mean ${meant}?` : isFirstOfTwo ? listOf(first, names) : "";
  return new CommandFailure(
    EXIT.usage,
    `there is no command "${name}"${advice && `; ${advice}`}`,
    "`logpulse --help` lists all commands.",
  );
}

function listOf(first: string, names: readonly string[]): string {
  const ofFirst = names.filter((name) => name.startsWith(`${first} `)).map((name) => `logpulse ${name}`);
  return `there are ${ofFirst.join(", ")}`;
}
