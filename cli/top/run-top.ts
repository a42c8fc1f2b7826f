import type { CommandContext } from "../command.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { GLOBAL_OPTIONS } from "../global-options.ts";
import { askTop } from "./ask-top.ts";
import { shellWord, tailQuery } from "./tail-query.ts";
import { printOnce } from "./top-once.ts";
import { TopSession } from "./top-session.ts";
import { readTopSettings } from "./top-settings.ts";

const TAIL_SINCE = "-1m"; // So that there is something to see at once.

/** Runs `logpulse top`. */
export async function runTop(context: CommandContext): Promise<ExitCode> {
  const { options, connection, terminal, signal, nowMs } = context;
  const settings = readTopSettings(options);
  // Before the terminal is taken: whoever cannot be reached is told of in the ordinary way.
  const look = await askTop(connection, { ...settings, nowMs: nowMs() }, signal);
  const isOnce = options.once === true || terminal.isJson || terminal.isPlain;
  const isScreen = terminal.out.isTty && terminal.isInputTty && context.environment.TERM !== "dumb";
  if (isOnce || !isScreen) {
    await printOnce(look, settings, terminal);
    return EXIT.done;
  }
  const chosen = await new TopSession(context, settings, look).run();
  return chosen === undefined ? EXIT.done : tail(context, tailQuery(settings.by, chosen));
}

/** Goes on as `logpulse tail` of a row, which is told so that it can be repeated. */
async function tail(context: CommandContext, query: string): Promise<ExitCode> {
  const { COMMANDS } = await import("../commands.ts");
  const command = await COMMANDS.tail!();
  context.terminal.say(`-- logpulse tail ${shellWord(query)} --since ${TAIL_SINCE}`);
  const forAll = GLOBAL_OPTIONS.map(({ name }) => [name, context.options[name]] as const);
  return command.run({ ...context, words: [query], options: { ...Object.fromEntries(forAll), since: TAIL_SINCE } });
}
