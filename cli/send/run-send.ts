import type { CommandContext } from "../command.ts";
import type { ExitCode } from "../exit-code.ts";
import { readSendOptions } from "./send-options.ts";

/** Runs `logpulse send`. The libraries for the connection are loaded only where something is sent. */
export async function runSend(context: CommandContext): Promise<ExitCode> {
  const options = readSendOptions(context.options, context.words, context.terminal.isInputTty);
  if (options.dryRunRecords !== undefined) return (await import("./dry-run.ts")).dryRun(options, context);
  if (options.follow) return (await import("./follow-files.ts")).followFiles(options, context);
  return (await import("./send-sources.ts")).sendSources(options, context);
}
