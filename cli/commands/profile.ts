import type { Command, CommandContext, OptionValues } from "../command.ts";
import { CommandFailure, EXIT, type ExitCode } from "../exit-code.ts";
import { textOption } from "../option-values.ts";
import { isProfileName, noSuchProfile, type Profiles, readProfiles, writeProfiles } from "../profiles.ts";
import { requireAddress } from "../server-address.ts";
import type { Terminal } from "../terminal/terminal.ts";

const ACTIONS = ["list", "set", "use", "remove"] as const;

/** Named servers. */
export const profile: Command = {
  name: "profile",
  summary: "gives servers names, and says which one is used",
  usage: `list | set NAME --addr HOST:PORT | use NAME | remove NAME`,
  examples: [
    { line: "logpulse profile set staging --addr logs.staging.example:8080", what: "name a server" },
    { line: "logpulse search timeout --profile staging", what: "ask it" },
    { line: "logpulse profile use staging", what: "ask it whenever nothing else is said" },
    { line: "logpulse profile list", what: "all of them; the one in use has a *" },
  ],
  options: [],
  details:
    "The first one that says something counts: --addr, --profile, LOGPULSE_ADDR, the profile in use, 127.0.0.1:8080. " +
    "Profiles are kept in $XDG_CONFIG_HOME/logpulse/profiles.json, or in ~/.config.",
  words: { min: 1, max: 2 },
  isLocal: true,
  run,
};

async function run({ options, words, terminal, environment }: CommandContext): Promise<ExitCode> {
  const [word, name] = words;
  const action = ACTIONS.find((known) => known === word);
  if (action === undefined) {
    throw new CommandFailure(EXIT.usage, `profile cannot "${word}"; it can ${ACTIONS.join(", ")}`);
  }
  requireUsed(action, name, options);
  const profiles = readProfiles(environment);
  if (action === "list") return list(profiles, terminal);
  if (name === undefined) throw new CommandFailure(EXIT.usage, `profile ${action} lacks a name`);
  if (action === "set") set(profiles, name, textOption(options, "addr"));
  else if (!profiles.addresses.has(name)) throw noSuchProfile(name, [...profiles.addresses.keys()]);
  else if (action === "use") profiles.inUse = name;
  else remove(profiles, name);
  writeProfiles(environment, profiles);
  return EXIT.done;
}

/** @throws CommandFailure for what the action would not look at. */
function requireUsed(action: (typeof ACTIONS)[number], name: string | undefined, { addr }: OptionValues): void {
  if (action === "list" && name !== undefined) {
    throw new CommandFailure(EXIT.usage, `profile list does not know what to do with "${name}"`);
  }
  if ((action === "use" || action === "remove") && addr !== undefined) {
    throw new CommandFailure(
      EXIT.usage,
      `profile ${action} does not know what to do with --addr`,
      "`logpulse profile set NAME --addr HOST:PORT` gives a profile another address.",
    );
  }
}

async function list({ inUse, addresses }: Profiles, terminal: Terminal): Promise<ExitCode> {
  const widest = Math.max(0, ...[...addresses.keys()].map(({ length }) => length));
  for (const [name, address] of addresses) {
    const isInUse = name === inUse;
    if (terminal.isJson) await terminal.print(JSON.stringify({ name, address, inUse: isInUse }));
    else if (terminal.isPlain) await terminal.print(`${name}\t${address}\t${isInUse}`);
    else await terminal.print(`${isInUse ? "*" : " "} ${name.padEnd(widest)}  ${address}`);
  }
  if (addresses.size === 0)
    terminal.say("There are no profiles yet: logpulse profile set NAME --addr HOST:PORT makes one.");
  return EXIT.done;
}

function set({ addresses }: Profiles, name: string, address: string | undefined): void {
  if (!isProfileName(name)) {
    throw new CommandFailure(
      EXIT.usage,
      `"${name}" is no name of a profile: it has letters, digits, ".", "_" and "-", at most 64 of them`,
    );
  }
  if (address === undefined) throw new CommandFailure(EXIT.usage, `profile set ${name} lacks --addr HOST:PORT`);
  addresses.set(name, requireAddress("--addr", address));
}

function remove(profiles: Profiles, name: string): void {
  profiles.addresses.delete(name);
  if (profiles.inUse === name) profiles.inUse = undefined;
}
