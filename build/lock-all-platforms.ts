/**
 * `npm run lock`: completes package-lock.json with the platform packages (`@biomejs/cli-…`, `@bufbuild/buf-…`) that a
 * registry mirror does not serve. npm then leaves them out of the lock file, and `npm ci` refuses a lock file that lacks
 * an optional dependency, on every platform. An entry without a checksum is enough: only that platform would fetch it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The part of a lock file that is read. */
export interface Lock {
  packages: Record<string, LockedPackage>;
}

interface LockedPackage {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  license?: string;
  engines?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  os?: string[];
  cpu?: string[];
  libc?: string[];
}

const SYSTEMS = ["android", "darwin", "freebsd", "linux", "win32"];
const PROCESSORS: Record<string, string> = { aarch64: "arm64", arm64: "arm64", armv7: "arm", x64: "x64" };

/** Adds an entry for each exactly pinned platform package that is missing, and gives their names. */
export function completeLock(lock: Lock): string[] {
  const added: string[] = [];
  for (const [where, owner] of Object.entries(lock.packages)) {
    if (where === "") continue;
    for (const [name, version] of Object.entries(owner.optionalDependencies ?? {})) {
      const key = `node_modules/${name}`;
      if (lock.packages[key] || lock.packages[`${where}/${key}`]) continue;
      const entry = platformEntry(name, version, owner);
      if (!entry) continue;
      lock.packages[key] = entry;
      added.push(name);
    }
  }
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en")));
  return added;
}

function platformEntry(name: string, version: string, owner: LockedPackage): LockedPackage | undefined {
  const words = name.split("/").at(-1)!.split("-");
  const system = SYSTEMS.find((word) => words.includes(word));
  const processor = Object.entries(PROCESSORS).find(([word]) => words.includes(word))?.[1];
  if (!system || !processor || !/^\d+\.\d+\.\d+$/.test(version)) return undefined;
  return {
    version,
    cpu: [processor],
    ...(owner.dev && { dev: true }),
    ...(words.includes("musl") && { libc: ["musl"] }),
    ...(owner.license && { license: owner.license }),
    optional: true,
    os: [system],
    ...(owner.engines && { engines: owner.engines }),
  };
}

if (import.meta.main) {
  const file = join(import.meta.dirname, "..", "package-lock.json");
  const lock = JSON.parse(readFileSync(file, "utf8")) as Lock;
  const added = completeLock(lock);
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(added.length === 0 ? "package-lock.json has every platform" : `added: ${added.join(", ")}`);
}
