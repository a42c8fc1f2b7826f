import type { Command, CommandOption } from "../command.ts";
import { GLOBAL_OPTIONS } from "../global-options.ts";

/** What a shell is told of a command. */
export interface CompletedCommand {
  name: string;
  summary: string;
  /** What its first word may be; empty where that is free. */
  words: readonly string[];
  /** Whether its words are files. */
  takesFiles: boolean;
  /** Its own and those that all commands have. */
  options: readonly CommandOption[];
}

/** As its help tells it. */
export function completedCommand({ name, summary, usage, options }: Command): CompletedCommand {
  return {
    name,
    summary,
    words: fixedWords(usage),
    takesFiles: usage.includes("FILE"),
    options: [...options, ...GLOBAL_OPTIONS],
  };
}

/** Whether the option's value is a file. */
export function isFileOption({ value }: CommandOption): boolean {
  return value?.includes("FILE") ?? false;
}

/** "list | set NAME | use NAME": list, set, use. "[QUERY…]": none. */
function fixedWords(usage: string): string[] {
  return usage
    .split("|")
    .map((way) => way.trim().split(" ")[0]!)
    .filter((word) => /^[a-z]+$/.test(word));
}
