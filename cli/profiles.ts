import { mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { nearestName } from "../services/domain/nearest-name.ts";
import { CommandFailure, EXIT } from "./exit-code.ts";
import { replaceFile } from "./replace-file.ts";
import { requireAddress } from "./server-address.ts";

/** Named servers. */
export interface Profiles {
  /** The one that is used where nothing else is said. */
  inUse: string | undefined;
  /** Each one's host:port, by name. */
  addresses: Map<string, string>;
}

type Environment = Readonly<Record<string, string | undefined>>;

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Where they are kept: in $XDG_CONFIG_HOME, else in ~/.config. */
export function profilesPath(environment: Environment): string {
  const folder = environment.XDG_CONFIG_HOME || join(environment.HOME || homedir(), ".config");
  return join(folder, "logpulse", "profiles.json");
}

/** None where there is no file. @throws CommandFailure that names the file, where it is not one of ours. */
export function readProfiles(environment: Environment): Profiles {
  const path = profilesPath(environment);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (reason) {
    const { code, message } = reason as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return { inUse: undefined, addresses: new Map() };
    throw new CommandFailure(EXIT.usage, `the profiles cannot be read: ${message}`);
  }
  const profiles = parseProfiles(text);
  if (profiles) return profiles;
  throw new CommandFailure(
    EXIT.usage,
    `${path} is not a file of profiles`,
    "Mend it, or remove it and set them again.",
  );
}

/** Replaces the file at once, readable by its owner alone. @throws CommandFailure where that fails. */
export function writeProfiles(environment: Environment, { inUse, addresses }: Profiles): void {
  const path = profilesPath(environment);
  const text = `${JSON.stringify({ inUse, addresses: Object.fromEntries(addresses) }, undefined, 2)}\n`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    replaceFile(path, text);
  } catch (reason) {
    throw new CommandFailure(EXIT.failed, `the profiles cannot be written: ${(reason as Error).message}`);
  }
}

/**
 * The address of that profile, or of the one in use; undefined where none is asked for and none is in use.
 *
 * @throws CommandFailure where there is no profile of that name, or its address is none; as `readProfiles`.
 */
export function profileAddress(environment: Environment, name: string | undefined): string | undefined {
  const { inUse, addresses } = readProfiles(environment);
  const wanted = name ?? inUse;
  if (wanted === undefined) return undefined;
  const address = addresses.get(wanted);
  if (address === undefined) throw noSuchProfile(wanted, [...addresses.keys()]);
  return requireAddress(`the address of the profile ${wanted}`, address); // People edit the file too.
}

/** The failure that names those that there are. */
export function noSuchProfile(name: string, names: readonly string[]): CommandFailure {
  const meant = nearestName(name, names);
  const known = names.length === 0 ? "there are none yet" : `there are ${names.join(", ")}`;
  return new CommandFailure(
    EXIT.usage,
    `there is no profile "${name}"; ${meant ? `did you mean ${meant}?` : known}`,
    "`logpulse profile set NAME --addr HOST:PORT` makes one.",
  );
}

/** Whether a profile may be called so. */
export function isProfileName(name: string): boolean {
  return NAME.test(name);
}

function parseProfiles(text: string): Profiles | undefined {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return undefined; // What it is instead does not matter: the file is named.
  }
  if (typeof read !== "object" || read === null || !("addresses" in read)) return undefined;
  const { addresses, inUse } = read as { addresses: unknown; inUse?: unknown };
  if (typeof addresses !== "object" || addresses === null || Array.isArray(addresses)) return undefined;
  const entries = Object.entries(addresses);
  const areAddresses = entries.every(([name, address]) => isProfileName(name) && typeof address === "string");
  if (!areAddresses || (inUse !== undefined && typeof inUse !== "string")) return undefined;
  return { inUse, addresses: new Map(entries) };
}
