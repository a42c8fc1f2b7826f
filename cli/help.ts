import type { Command, CommandExample, CommandOption } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { GLOBAL_OPTIONS } from "./global-options.ts";
import type { Terminal } from "./terminal/terminal.ts";
import { wrapped } from "./terminal/wrapped-text.ts";

const COLUMNS_USUAL = 100; // Where it is no terminal, and the most that is good to read.
const COLUMNS_MIN = 40;
const NAMES_COLUMNS_MAX = 30; // Longer ones stand on a line of their own.

const EXAMPLES: readonly CommandExample[] = [
  {
    line: "logpulse send access.log -s web",
    what: "send a file; its format is found out",
  },
  { line: "logpulse search 'timeout -path:/health' -l warn", what: "the newest records of the last 15 minutes" },
  { line: "logpulse tail -l error", what: "errors, as they come" },
  { line: "logpulse stats latency --by path", what: "percentiles by path" },
  { line: "logpulse help search", what: "all that search can do" },
];

/** Help of all commands, or of those whose names begin with that word. */
export async function generalHelp(first: string, { out }: Terminal): Promise<string> {
  const names = Object.keys(COMMANDS).filter((name) => first === "" || name.startsWith(`${first} `));
  const commands = await Promise.all(names.map((name) => COMMANDS[name]!()));
  const columns = columnsOf(out.columns);
  const examples = first === "" ? EXAMPLES : commands.flatMap((command) => command.examples);
  return [
    section("Examples", exampleLines(examples, columns)),
    section("Usage", [`  logpulse ${first && `${first} `}COMMAND [WORDS] [OPTIONS]`]),
    section(
      "Commands",
      twoColumns(
        commands.map(({ name, summary }) => [name, summary]),
        columns,
      ),
    ),
    section("Options of all commands", twoColumns(GLOBAL_OPTIONS.map(optionRow), columns)),
  ].join("\n");
}

/** Help of one command: examples first. */
export function commandHelp(command: Command, { out }: Terminal): string {
  const columns = columnsOf(out.columns);
  const { name, summary, usage, examples, options, details } = command;
  const words = usage === "" ? "" : ` ${usage}`;
  const ownOptions = options.length > 0 ? [section("Options", twoColumns(options.map(optionRow), columns))] : [];
  const paragraphs = details ? details.split("\n\n").map((text) => `${wrapped(text, columns).join("\n")}\n`) : [];
  return [
    `${wrapped(`logpulse ${name}: ${summary}.`, columns).join("\n")}\n`,
    section("Examples", exampleLines(examples, columns)),
    section("Usage", [`  logpulse ${name}${words} [OPTIONS]`]),
    ...ownOptions,
    ...paragraphs,
    section("Options of all commands", twoColumns(GLOBAL_OPTIONS.map(optionRow), columns)),
  ].join("\n");
}

function columnsOf(columns: number | undefined): number {
  return Math.max(COLUMNS_MIN, Math.min(columns ?? COLUMNS_USUAL, COLUMNS_USUAL));
}

function section(title: string, lines: readonly string[]): string {
  return `${title}\n${lines.join("\n")}\n`;
}

function exampleLines(examples: readonly CommandExample[], columns: number): string[] {
  return examples.flatMap(({ line, what }) => [
    `  ${line}`,
    ...wrapped(what, columns - 6).map((text) => `      ${text}`),
  ]);
}

function optionRow({ name, short, value, help }: CommandOption): [string, string] {
  const names = short ? `-${short}, --${name}` : `    --${name}`;
  return [value ? `${names} ${value}` : names, help];
}

/** Rows of a name and what there is to say of it, the latter wrapped in a column of its own. */
function twoColumns(rows: readonly (readonly [string, string])[], columns: number): string[] {
  const widest = Math.max(...rows.map(([name]) => name.length));
  const left = Math.min(widest, NAMES_COLUMNS_MAX, Math.floor(columns / 2));
  const indent = " ".repeat(left + 4);
  return rows.flatMap(([name, text]) => {
    const [first = "", ...rest] = wrapped(text, columns - indent.length);
    const isLong = name.length > left;
    const head = isLong ? [`  ${name}`, `${indent}${first}`] : [`  ${name.padEnd(left)}  ${first}`];
    return [...head, ...rest.map((line) => indent + line)];
  });
}
