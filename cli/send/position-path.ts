import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { basename, isAbsolute, join } from "node:path";

const NAME_CHARACTERS_MAX = 60;

/**
 * The position file that is used where none is named: one for each server and followed file, in $XDG_STATE_HOME/logpulse,
 * else in ~/.local/state/logpulse. `path`: absolute.
 */
export function usualPositionPath(
  environment: Readonly<Record<string, string | undefined>>,
  address: string,
  path: string,
): string {
  const told = environment.XDG_STATE_HOME ?? "";
  // The specification of these folders has relative ones ignored.
  const state = isAbsolute(told) ? told : join(environment.HOME || homedir(), ".local", "state");
  const digest = createHash("sha256").update(`${address}\0${path}`).digest("hex").slice(0, 16);
  const name = basename(path)
    .replace(/[^\w.-]/g, "_")
    .slice(0, NAME_CHARACTERS_MAX);
  return join(state, "logpulse", `${name}-${digest}.position`);
}
