import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Config, readConfig } from "./config.ts";
import { DRAIN_MS_MAX } from "./domain/limits.ts";
import { DescriptorIndex } from "./runtime/descriptor-index.ts";
import { makeLogger } from "./runtime/logger.ts";
import { LogPulseServer } from "./runtime/server.ts";
import { runParts } from "./runtime/shutdown.ts";
import { fullParts } from "./wiring/full.ts";
import { memoryParts } from "./wiring/memory.ts";

const TENANT = "default"; // Until keys exist.
const DESCRIPTOR_SET = join(import.meta.dirname, "..", "gen", "logpulse.binpb");

async function main(): Promise<void> {
  const config = readConfigOrExit();
  const log = makeLogger(config.logLevel);
  const fail = (reason: Error) => {
    setImmediate(() => {
      throw reason;
    });
  };
  const { parts, services, checks } = config.mode === "full" ? fullParts(config, log, fail) : memoryParts(config, log);
  const server = new LogPulseServer({
    host: config.listen.host,
    port: config.listen.port,
    tenant: TENANT,
    services,
    checks,
    log,
    allowedHosts: config.allowedHosts,
    trustedProxies: config.trustedProxies,
    reflection: config.reflection ? new DescriptorIndex(readFileSync(DESCRIPTOR_SET)) : undefined,
    drainMsMax: DRAIN_MS_MAX,
  });
  log.info({ mode: config.mode, roles: config.roles }, "starting");
  if (config.mode === "memory") log.warn("memory mode: everything is forgotten when this process ends");
  await runParts([...parts, server], { log, process, drainMsMax: DRAIN_MS_MAX });
}

/** Mistakes in the settings are for people: one list on the terminal, no stack. */
function readConfigOrExit(): Config {
  try {
    return readConfig(process.env);
  } catch (reason) {
    console.error((reason as Error).message);
    process.exit(2);
  }
}

await main();
