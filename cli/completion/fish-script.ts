import type { CommandOption } from "../command.ts";
import { GLOBAL_OPTIONS } from "../global-options.ts";
import { type CompletedCommand, isFileOption } from "./completed-command.ts";

/** A script for fish: a line for each thing that may be completed. It knows everything by itself. */
export function fishScript(commands: readonly CompletedCommand[]): string {
  const firstWords = [...new Set(commands.map(({ name }) => name.split(" ")[0]!))];
  return `# fish completion of logpulse, made by: logpulse completion fish
complete -c logpulse -f
${firstWords.map((first) => fishFirst(first, firstWords, commands)).join("\n")}
complete -c logpulse -n ${quoted(noneOf(firstWords))} -a help -d ${quoted("what a command does")}
complete -c logpulse -n ${quoted(helpOfAny(firstWords))} -a ${quoted(firstWords.join(" "))}
${GLOBAL_OPTIONS.map((option) => fishOption(option, "")).join("\n")}
${commands.map((command) => fishCommand(command, commands)).join("\n")}
`;
}

function noneOf(words: readonly string[]): string {
  return `not __fish_seen_subcommand_from ${words.join(" ")} help`;
}

function helpOfAny(words: readonly string[]): string {
  return `__fish_seen_subcommand_from help; and not __fish_seen_subcommand_from ${words.join(" ")}`;
}

function fishFirst(first: string, firstWords: readonly string[], commands: readonly CompletedCommand[]): string {
  const own = commands.find(({ name }) => name === first);
  const summary = own?.summary ?? commands.find(({ name }) => name.startsWith(`${first} `))!.summary;
  return `complete -c logpulse -n ${quoted(noneOf(firstWords))} -a ${first} -d ${quoted(summary)}`;
}

function fishCommand(
  { name, words, takesFiles, options, summary }: CompletedCommand,
  all: readonly CompletedCommand[],
) {
  const [first, second] = name.split(" ");
  const seconds = all.filter((other) => other.name.startsWith(`${first} `)).map((other) => other.name.split(" ")[1]);
  const seen = `__fish_seen_subcommand_from ${first}`;
  const when = second === undefined ? seen : `${seen}; and __fish_seen_subcommand_from ${second}`;
  const lines = options.filter((option) => !GLOBAL_OPTIONS.includes(option)).map((option) => fishOption(option, when));
  if (words.length > 0) lines.push(`complete -c logpulse -n ${quoted(when)} -a ${quoted(words.join(" "))}`);
  if (takesFiles) lines.push(`complete -c logpulse -n ${quoted(when)} -F`);
  if (second !== undefined) {
    const notYet = `${seen}; and not __fish_seen_subcommand_from ${seconds.join(" ")}`;
    lines.push(`complete -c logpulse -n ${quoted(notYet)} -a ${second} -d ${quoted(summary)}`);
  }
  return lines.join("\n");
}

function fishOption(option: CommandOption, when: string): string {
  const { name, short, value, help, choices } = option;
  return [
    "complete -c logpulse",
    ...(when === "" ? [] : [`-n ${quoted(when)}`]),
    `-l ${name}`,
    ...(short ? [`-s ${short}`] : []),
    ...(value === undefined ? [] : isFileOption(option) ? ["-r -F"] : ["-x"]),
    ...(choices ? [`-a ${quoted(choices.join(" "))}`] : []),
    `-d ${quoted(help)}`,
  ].join(" ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
