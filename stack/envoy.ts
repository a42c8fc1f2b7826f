import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "./free-port.ts";
import { PIECES } from "./installed.ts";
import { type RunningServer, type StartOptions, serverDirectory, startServer } from "./server-process.ts";

/** A file, or the text of one. Its admin address, if it has one, gives way to ours. */
export type EnvoyConfig = { readonly path: string } | { readonly yaml: string };

export interface EnvoyOptions extends StartOptions {
  config: EnvoyConfig;
  /** The listener's, which the config names; told here so that others can be told. */
  port: number;
  adminPort?: number;
  /** Worker threads. Default 1: on two cores the servers behind it need the other. */
  concurrency?: number;
  /** Left out: no other Envoy can take its place while it runs. */
  hotRestart?: HotRestart;
}

/** Envoys that follow one another on the same port, without a moment in which nobody listens. */
export interface HotRestart {
  /** The same for all of them, and nobody else's on this machine. */
  baseId: number;
  /** 0 for the first. Each later one starts while the one before runs, which then drains and ends by itself. */
  epoch: number;
  /** How long the one before has, in seconds, from when this one listens to its end: calls that go on are cut then. */
  parentEndsAfterS: number;
}

/** `url` is the listener's, `adminUrl` has /ready, /stats, /clusters, /config_dump. */
export type RunningEnvoy = RunningServer & { readonly url: string; readonly adminUrl: string };

/** Starts Envoy. Resolves when its listeners listen (0.2 s), not when the servers behind it are found healthy. */
export async function startEnvoy(options: EnvoyOptions): Promise<RunningEnvoy> {
  const adminPort = options.adminPort ?? (await freePort());
  const directory = serverDirectory("envoy", options.directory);
  const adminUrl = `http://127.0.0.1:${adminPort}`;
  const server = await startServer({
    name: "envoy",
    command: ENVOY,
    args: [
      ...["--config-path", configFile(options.config, directory)],
      ...["--config-yaml", adminOn(adminPort)],
      ...["--concurrency", String(options.concurrency ?? 1)],
      ...hotRestartArgs(options.hotRestart),
      ...["--log-level", "warn"],
    ],
    port: options.port,
    directory,
    outlivesUs: options.outlivesUs,
    takesPortOver: (options.hotRestart?.epoch ?? 0) > 0,
    healthy: () => isReady(adminUrl),
    startMsMax: 30_000,
  });
  return Object.assign(server, { url: `http://127.0.0.1:${options.port}`, adminUrl });
}

/**
 * Whether Envoy would start with this config.
 *
 * @returns undefined when it would; otherwise what it says against it.
 */
export async function validateEnvoy(configPath: string): Promise<string | undefined> {
  try {
    await promisify(execFile)(ENVOY, ["--mode", "validate", "--config-path", configPath], { timeout: 30_000 });
    return undefined;
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    return stderr?.trim() || message;
  }
}

function hotRestartArgs(hotRestart: HotRestart | undefined): string[] {
  // With it, Envoys of one machine would share memory, and each would end as soon as its starter does.
  if (hotRestart === undefined) return ["--disable-hot-restart"];
  const { baseId, epoch, parentEndsAfterS } = hotRestart;
  return [
    ...["--base-id", String(baseId), "--restart-epoch", String(epoch)],
    ...["--parent-shutdown-time-s", String(parentEndsAfterS)],
    // Every answer of the one before tells its client to go, not one in a hundred over ten minutes.
    ...["--drain-strategy", "immediate", "--drain-time-s", String(Math.max(1, parentEndsAfterS - 2))],
  ];
}

const ENVOY = join(PIECES.envoy, "envoy", "_bin", "envoy");

function configFile(config: EnvoyConfig, directory: string): string {
  if ("path" in config) return config.path;
  const file = join(directory, "envoy.yaml");
  writeFileSync(file, config.yaml);
  return file;
}

/** Envoy merges this over the file, field by field. */
function adminOn(port: number): string {
  return JSON.stringify({ admin: { address: { socket_address: { address: "127.0.0.1", port_value: port } } } });
}

async function isReady(adminUrl: string): Promise<boolean> {
  const answer = await fetch(`${adminUrl}/ready`, { signal: AbortSignal.timeout(2_000) });
  return (await answer.text()).startsWith("LIVE");
}
