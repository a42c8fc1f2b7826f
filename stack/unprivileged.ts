import { execFileSync, spawnSync } from "node:child_process";

/** Run as root, a server of ours becomes a user of this number: 1000 is nobody in particular, only not 0. */
const USER_OF_NAMESPACE = "1000";

/** Prefixes a command so that the kernel kills it when the thread that started it ends. Elsewhere than Linux: as it was. */
export function endsWithParent(command: readonly string[]): string[] {
  return process.platform === "linux" ? ["setpriv", "--pdeathsig", "KILL", "--", ...command] : [...command];
}

/**
 * Prefixes a command whose program refuses to run as root (Elasticsearch, MariaDB). Not root: the command as it was.
 *
 * A user namespace is tried first: the program sees itself as user 1000, yet keeps root's access to our files, so it works in
 * folders that are closed to others (a checkout below /root, a folder from mkdtemp). Where the system forbids namespaces, as
 * most containers do, it becomes `nobody`, is given `ownedFolders`, and every folder above them must be open to others.
 */
export function asUnprivileged(command: readonly string[], ownedFolders: readonly string[]): string[] {
  if (process.getuid?.() !== 0) return [...command];
  if (namespacesWork()) return [...NAMESPACE, ...command];
  execFileSync("chown", ["-R", "nobody", ...ownedFolders]);
  return ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "--", ...command];
}

const NAMESPACE = ["unshare", "--user", `--map-user=${USER_OF_NAMESPACE}`, `--map-group=${USER_OF_NAMESPACE}`, "--"];

function namespacesWork(): boolean {
  known ??= spawnSync(NAMESPACE[0]!, [...NAMESPACE.slice(1), "true"], { timeout: 10_000 }).status === 0;
  return known;
}

let known: boolean | undefined;
