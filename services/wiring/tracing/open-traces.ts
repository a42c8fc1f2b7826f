import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { type Config, ROLES } from "../../config.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { Traces } from "../../ports/traces.ts";
import { countMetric } from "../metrics/count-metric.ts";

const PACKAGE = join(import.meta.dirname, "..", "..", "..", "package.json");

/** Traces that are closed when the process stops, behind everything that has spans. */
export interface OpenTraces extends Traces {
  close(): Promise<void>;
}

/** As the settings have it; undefined where traces are off: then nothing of OpenTelemetry's library is loaded. */
export async function openTraces(config: Config, logger: Logger, metrics: Metrics): Promise<OpenTraces | undefined> {
  if (config.traces === undefined) return undefined;
  const { OtlpTraces } = await import("../../adapters/opentelemetry/otlp-traces.ts");
  const traces = new OtlpTraces({ ...config.traces, random: Math.random, resource: resourceOf(config) }, logger);
  metrics.add(
    countMetric(
      {
        name: "logpulse_trace_spans_total",
        help: "Spans that ended, by what became of them: dropped and failed ones are gone.",
        label: "outcome",
      },
      () => ({ ...traces.totals }),
    ),
  );
  return traces;
}

/** The names of the process, by OpenTelemetry's conventions. */
function resourceOf({ mode, roles }: Config): Record<string, string> {
  const { version } = JSON.parse(readFileSync(PACKAGE, "utf8")) as { version: string };
  const isWhole = mode === "embedded" || roles.length === ROLES.length;
  return {
    "service.name": isWhole ? "logpulse" : `logpulse-${roles.join("-")}`,
    "service.version": version,
    "service.instance.id": `${hostname()}-${process.pid}`,
  };
}
