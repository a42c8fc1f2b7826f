import { startEmbedded } from "./embedded.ts";
import { startFull } from "./full.ts";
import { startIngestAndDoor } from "./ingest-and-door.ts";
import type { Installation } from "./installation.ts";

/** Names of installations that a benchmark can be told. */
export const INSTALLATIONS = ["ingest", "envoy", "full", "embedded"] as const;
export type InstallationName = (typeof INSTALLATIONS)[number];

/** Starts the named one. `settings`: variables as services/config.ts knows them; the limiter is off unless they say so. */
export async function startInstallation(
  name: InstallationName,
  settings: Record<string, string> = {},
): Promise<{ installation: Installation; stop(): Promise<void> }> {
  const { installations, stop } = await START[name]({ ...OWN_SETTINGS[name], ...settings });
  return { installation: installations.find((one) => one.name === name)!, stop };
}

/** Who calls ingest itself is no proxy. */
const OWN_SETTINGS: Partial<Record<InstallationName, Record<string, string>>> = {
  ingest: { LOGPULSE_TRUSTED_PROXIES: "" },
};

const START = {
  ingest: startIngestAndDoor,
  envoy: startIngestAndDoor,
  full: startFull,
  embedded: startEmbedded,
};
