import { installedServers, type ServerName } from "./installed.ts";

/**
 * For `describe.skipIf(!haveServers("kafka", "redis"))`: whether every named server can be started here.
 *
 * Missing ones are told on the console, with the command that installs them.
 *
 * @throws Error instead, when CI is set: there a skipped test would pass for a green one.
 */
export function haveServers(...names: readonly ServerName[]): boolean {
  const missing = installedServers().missing.filter(({ name }) => names.includes(name));
  if (missing.length === 0) return true;
  const reasons = missing.map(({ name, reason }) => `${name} (${reason})`).join(", ");
  const message = `SKIPPED, real servers are missing: ${reasons}. Install them: npm run stack:install`;
  if (process.env.CI) throw new Error(message);
  console.warn(message);
  return false;
}
