import { nearestName } from "../services/domain/nearest-name.ts";
import type { Command, CommandOption, OptionValues } from "./command.ts";
import { CommandFailure, EXIT } from "./exit-code.ts";
import { GLOBAL_OPTIONS } from "./global-options.ts";

/** One option of a command line. */
export interface GivenOption {
  option: CommandOption;
  /** True where the option takes no value. */
  value: string | true;
  /** 2 where the value is an argument of its own. */
  argsUsed: 1 | 2;
}

/**
 * Reads options and words in any order: `--name VALUE`, `--name=VALUE`, `-l VALUE`, `-lVALUE`. Behind `--` all are
 * words; `-` is one. A value may begin with a dash (`--from -15m`), but not look like one of the options.
 *
 * @throws CommandFailure for an unknown option, one that lacks its value or has none, one of the command's that is
 * given twice, and for too few or too many words.
 */
export function readOptions(
  command: Command,
  globalOptions: readonly CommandOption[],
  args: readonly string[],
): { options: OptionValues; words: string[] } {
  const known = [...command.options, ...globalOptions];
  const options: Record<string, string | true> = {};
  const words: string[] = [];
  for (let at = 0; at < args.length; ) {
    if (args[at] === "--") {
      words.push(...args.slice(at + 1));
      break;
    }
    const given = optionAt(args, at, known, command);
    if (given === undefined) {
      words.push(args[at]!);
      at += 1;
      continue;
    }
    const { name } = given.option;
    // Of those that all commands have the last one counts, so that an alias of the shell can be overruled.
    if (Object.hasOwn(options, name) && command.options.includes(given.option)) {
      throw usage(command, `--${name} was given twice`);
    }
    options[name] = given.value;
    at += given.argsUsed;
  }
  if (!options.help && !options.version) requireWords(command, words);
  return { options, words };
}

/** Reads arguments that are all options which every command has. @throws CommandFailure for any other. */
export function readGlobalOptions(args: readonly string[]): OptionValues {
  const options: Record<string, string | true> = {};
  for (let at = 0; at < args.length; ) {
    const given = optionAt(args, at, GLOBAL_OPTIONS);
    if (given === undefined) break;
    options[given.option.name] = given.value;
    at += given.argsUsed;
  }
  return options;
}

/**
 * The option that stands there; undefined for a word and for `--`.
 *
 * @throws CommandFailure as `readOptions`. `command`: whose help is advised.
 */
export function optionAt(
  args: readonly string[],
  at: number,
  known: readonly CommandOption[],
  command?: Command,
): GivenOption | undefined {
  const arg = args[at]!;
  if (!arg.startsWith("-") || arg === "-" || arg === "--") return undefined;
  const { option, attached } = arg.startsWith("--") ? longOption(arg, known) : shortOption(arg, known);
  if (option === undefined) throw unknownOption(arg, known, command);
  const shown = arg.startsWith("--") ? `--${option.name}` : `-${option.short}`;
  if (option.value === undefined) {
    if (attached === undefined) return { option, value: true, argsUsed: 1 };
    throw usage(command, `${shown} takes no value, and "${arg}" gives one`);
  }
  if (attached !== undefined) return { option, value: attached, argsUsed: 1 };
  const next = args[at + 1];
  if (next === undefined || next.startsWith("--") || isShortOption(next, known)) {
    throw usage(command, `${shown} lacks its value: ${shown} ${option.value}`);
  }
  return { option, value: next, argsUsed: 2 };
}

interface NamedOption {
  option: CommandOption | undefined;
  /** The value in the same argument. */
  attached: string | undefined;
}

function longOption(arg: string, known: readonly CommandOption[]): NamedOption {
  const equals = arg.indexOf("=");
  const name = arg.slice(2, equals < 0 ? undefined : equals);
  return {
    option: known.find((option) => option.name === name),
    attached: equals < 0 ? undefined : arg.slice(equals + 1),
  };
}

function shortOption(arg: string, known: readonly CommandOption[]): NamedOption {
  const option = known.find(({ short }) => short !== undefined && short === arg[1]);
  return { option, attached: arg.length > 2 ? arg.slice(2) : undefined };
}

function isShortOption(arg: string, known: readonly CommandOption[]): boolean {
  return arg.length === 2 && known.some(({ short }) => arg === `-${short}`);
}

function unknownOption(arg: string, known: readonly CommandOption[], command: Command | undefined): CommandFailure {
  const typed = arg.split("=", 1)[0]!;
  const meant = arg.startsWith("--") ? nearestOption(typed.slice(2), known) : undefined;
  const question = meant ? `; did you mean --${meant}?` : "";
  const where = command ? ` of ${command.name}` : "";
  const advice = arg.startsWith("--")
    ? undefined
    : "A word that begins with a dash stands behind --, as in: logpulse search -- -path:/health";
  return usage(command, `there is no option ${typed}${where}${question}`, advice);
}

function nearestOption(typed: string, known: readonly CommandOption[]): string | undefined {
  const names = known.map(({ name }) => name);
  const longer = names.filter((name) => typed.length > 1 && name.startsWith(typed));
  return longer.length === 1 ? longer[0] : nearestName(typed, names);
}

function requireWords(command: Command, words: readonly string[]): void {
  const { min, max } = command.words;
  if (words.length < min) throw usage(command, `${command.name} lacks ${command.usage}`);
  if (words.length > max) throw usage(command, `${command.name} does not know what to do with "${words[max]}"`);
}

function usage(command: Command | undefined, message: string, advice?: string): CommandFailure {
  const help = command ? `\`logpulse ${command.name} --help\` shows what it takes.` : "`logpulse --help` shows more.";
  return new CommandFailure(EXIT.usage, message, advice ?? help);
}
