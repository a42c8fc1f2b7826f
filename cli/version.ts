import { readFileSync } from "node:fs";
import { join } from "node:path";

/** "logpulse 0.1.0". */
export function versionText(): string {
  const { name, version } = JSON.parse(readFileSync(join(import.meta.dirname, "..", "package.json"), "utf8"));
  return `${name} ${version}`;
}
