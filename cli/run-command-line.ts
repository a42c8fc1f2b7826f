import type { Command, OptionValues } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { failureText, toFailure } from "./failure.ts";
import { findCommand } from "./find-command.ts";
import { GLOBAL_OPTIONS } from "./global-options.ts";
import { commandHelp, generalHelp } from "./help.ts";
import { Interruption, isInterruption } from "./interruption.ts";
import { readOptions } from "./read-options.ts";
import { type CommandSettings, readAddress, readSettings, USUAL_SETTINGS } from "./settings.ts";
import { ProcessTerminal } from "./terminal/process-terminal.ts";
import { OutputClosed, type Terminal } from "./terminal/terminal.ts";
import { versionText } from "./version.ts";

/** What is to be done, and how its terminal is to be. */
interface Task {
  settings: CommandSettings;
  run(terminal: Terminal, signal: AbortSignal): Promise<ExitCode>;
}

/**
 * Runs one command line and resolves to its exit code, when its output has been taken. Nothing is thrown: what goes
 * wrong is said on standard error.
 *
 * `args`: behind the program's name. `host`: its streams, signals and environment.
 */
export async function runCommandLine(args: readonly string[], host: NodeJS.Process): Promise<ExitCode> {
  const interruption = new Interruption(host);
  let terminal: ProcessTerminal | undefined;
  try {
    const task = await readTask(args, host.env);
    terminal = new ProcessTerminal(host, task.settings);
    const code = await task.run(terminal, interruption.signal);
    await terminal.flush();
    return code;
  } catch (reason) {
    await terminal?.flush().catch(() => undefined); // What was printed before; why it failed is what is to be told.
    if (reason instanceof OutputClosed) return EXIT.done;
    if (isInterruption(reason, interruption.signal)) return EXIT.interrupted;
    const failure = toFailure(reason);
    host.stderr.write(failureText(failure));
    return failure.exitCode;
  }
}

/** @throws CommandFailure where the command line is wrong. */
async function readTask(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<Task> {
  const call = findCommand(args, Object.keys(COMMANDS));
  if (call.kind === "version") return printing(versionText);
  if (call.kind === "help" && !Object.hasOwn(COMMANDS, call.name)) {
    return printing((terminal) => generalHelp(call.name, terminal));
  }
  const command = await COMMANDS[call.name]!();
  if (call.kind === "help") return printing((terminal) => commandHelp(command, terminal));
  const { options, words } = readOptions(command, GLOBAL_OPTIONS, call.args);
  if (options.help) return printing((terminal) => commandHelp(command, terminal));
  if (options.version) return printing(versionText);
  const settings = readSettings(options);
  const run: Task["run"] = (terminal, signal) =>
    runCommand(command, { options, words, settings, environment, terminal, signal });
  return { settings, run };
}

function printing(textFor: (terminal: Terminal) => string | Promise<string>): Task {
  return {
    settings: USUAL_SETTINGS,
    async run(terminal) {
      await terminal.print(await textFor(terminal));
      return EXIT.done;
    },
  };
}

interface CommandRun {
  options: OptionValues;
  words: readonly string[];
  settings: CommandSettings;
  environment: NodeJS.ProcessEnv;
  terminal: Terminal;
  signal: AbortSignal;
}

async function runCommand(command: Command, { settings, ...given }: CommandRun): Promise<ExitCode> {
  const context = { ...given, nowMs: Date.now };
  if (command.isLocal) {
    return command.run({
      ...context,
      get connection(): never {
        throw new Error(`${command.name} says that it needs no server`);
      },
    });
  }
  const address = readAddress(given.options, given.environment);
  const { ServerConnection } = await import("./connection.ts"); // The libraries for it take most of the time to start.
  const connection = new ServerConnection(address, settings.timeoutMs, (text) => given.terminal.say(`-- ${text}`));
  try {
    return await command.run({ ...context, connection });
  } catch (reason) {
    if (isInterruption(reason, given.signal)) throw reason;
    const { asCallFailure } = await import("./call-failure.ts");
    throw asCallFailure(reason, address);
  } finally {
    connection.close();
  }
}
