import type { CommandContext } from "../command.ts";
import { COMMANDS } from "../commands.ts";
import { CommandFailure, EXIT, type ExitCode } from "../exit-code.ts";
import { bashScript } from "./bash-script.ts";
import { type CompletedCommand, completedCommand } from "./completed-command.ts";
import { fishScript } from "./fish-script.ts";
import { zshScript } from "./zsh-script.ts";

const SCRIPTS = new Map<string, (commands: readonly CompletedCommand[]) => string>([
  ["bash", bashScript],
  ["zsh", zshScript],
  ["fish", fishScript],
]);

/** Runs `logpulse completion`. */
export async function runCompletion({ words, terminal }: CommandContext): Promise<ExitCode> {
  const script = SCRIPTS.get(words[0]!);
  if (script === undefined) {
    const known = [...SCRIPTS.keys()].join(", ");
    throw new CommandFailure(EXIT.usage, `there is no completion for "${words[0]}"; there is one for ${known}`);
  }
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  await terminal.print(script(commands.map(completedCommand)).trimEnd());
  return EXIT.done;
}
