import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Config, readConfig } from "../config.ts";
import { reasonText } from "../domain/errors.ts";
import { DRAIN_MS_MAX } from "../domain/limits.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Traces } from "../ports/traces.ts";
import { DescriptorIndex } from "../runtime/descriptor-index.ts";
import { type Log, makeLogger } from "../runtime/logger.ts";
import { ProcessMetrics } from "../runtime/process-metrics.ts";
import { readableLog } from "../runtime/readable-log.ts";
import { LogPulseServer } from "../runtime/server.ts";
import { runParts } from "../runtime/shutdown.ts";
import type { Environment } from "../setting-reader.ts";
import { greeting } from "./greeting.ts";
import { measuredCalls } from "./metrics/measured-calls.ts";
import { closedAtTheEnd, type Fail, type ProcessParts } from "./process-parts.ts";
import { openTraces } from "./tracing/open-traces.ts";

const TENANT = "default"; // Until keys exist.
const DESCRIPTOR_SET = join(import.meta.dirname, "..", "..", "gen", "logpulse.binpb");

/** Runs the program with these settings until it is told to stop. The one place that asks for the mode. */
export async function start(env: Environment): Promise<void> {
  const config = readConfigOrExit(env);
  const isEmbedded = config.mode === "embedded";
  const isRead = isEmbedded && process.stdout.isTTY; // By people.
  const log = makeLogger(config.logLevel, isRead ? readableLog((line) => process.stdout.write(line)) : undefined);
  const fail = (reason: Error) => {
    setImmediate(() => {
      throw reason;
    });
  };
  const metrics = new ProcessMetrics(log);
  const traces = await openTraces(config, log, metrics);
  // Of the two only what is needed is loaded: the clients of the full mode's servers take most of a second.
  const { parts, services, checks } = isEmbedded
    ? await embeddedPartsOrExit(config, log, metrics, isRead, fail, traces)
    : (await import("./full.ts")).fullParts(config, log, metrics, fail, traces);
  const server = new LogPulseServer({
    host: config.listen.host,
    port: config.listen.port,
    tenant: TENANT,
    services: measuredCalls(services, metrics),
    checks,
    metrics,
    log,
    allowedHosts: config.allowedHosts,
    trustedProxies: config.trustedProxies,
    reflection: config.reflection ? new DescriptorIndex(readFileSync(DESCRIPTOR_SET)) : undefined,
    tellsCaller: traces !== undefined,
    drainMsMax: DRAIN_MS_MAX,
  });
  const tracesPart = traces ? [closedAtTheEnd("traces", traces)] : [];
  log.info({ mode: config.mode, roles: config.roles }, "starting");
  await runParts([...tracesPart, ...parts, server], {
    log,
    process,
    stopNoticeMs: config.stopNoticeMs,
    drainMsMax: DRAIN_MS_MAX,
  });
  if (isEmbedded && server.isListening) process.stderr.write(greeting(server.address, config.data.folder));
}

/** A folder that is in use or damaged is for people too; the log has the rest. */
async function embeddedPartsOrExit(
  config: Config,
  log: Log,
  metrics: Metrics,
  isRead: boolean,
  fail: Fail,
  traces: Traces | undefined,
): Promise<ProcessParts> {
  try {
    const { embeddedParts } = await import("./embedded.ts");
    return await embeddedParts(config, log, metrics, isRead, fail, traces);
  } catch (reason) {
    log.debug({ err: reason }, "cannot start");
    console.error(`cannot start: ${forPeople(reason as Error)}`);
    process.exit(1);
  }
}

/** With the innermost cause, unless the message says it already. */
function forPeople(reason: Error): string {
  const whole = reasonText(reason);
  const cause = whole.slice(reason.message.length + ": ".length);
  return reason.message.includes(cause) ? reason.message : whole;
}

/** Mistakes in the settings are for people: one list on the terminal, no stack. */
function readConfigOrExit(env: Environment): Config {
  try {
    return readConfig(env);
  } catch (reason) {
    console.error((reason as Error).message);
    process.exit(2);
  }
}
