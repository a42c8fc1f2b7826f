import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { METRIC_VALUES_MAX, METRICS_MS_MAX } from "../domain/limits.ts";
import type { Metric, Metrics, MetricTimes, MetricValue, TakeSeconds } from "../ports/metrics.ts";
import type { Log } from "./logger.ts";

/** From a cached read to a bulk that waits for its store. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** All metrics of this process, as Prometheus reads them: those that parts add, and those of Node itself. */
export class ProcessMetrics implements Metrics {
  private readonly registry = new Registry();
  private readonly sources = new Map<string, Metric["read"][]>();
  private readonly histograms = new Map<string, Histogram>();
  private readonly log: Log;
  private reading: Promise<string> | undefined;

  constructor(log: Log) {
    this.log = log;
    collectDefaultMetrics({ register: this.registry, prefix: "logpulse_" });
  }

  /** Of the page. */
  get contentType(): string {
    return this.registry.contentType;
  }

  add(...metrics: readonly Metric[]): void {
    for (const metric of metrics) {
      const sources = this.sources.get(metric.name);
      if (sources) sources.push(metric.read);
      else this.register(metric);
    }
  }

  times({ name, help, labelNames, longSeconds = [] }: MetricTimes): TakeSeconds {
    const buckets = [...SECONDS, ...longSeconds];
    const histogram =
      this.histograms.get(name) ??
      new Histogram({ name, help, labelNames: [...labelNames], buckets, registers: [this.registry] });
    this.histograms.set(name, histogram);
    return (seconds, labels) => histogram.observe(labels, seconds);
  }

  /** Everything as text. Those who ask at the same time get the same answer. */
  page(): Promise<string> {
    this.reading ??= this.registry.metrics().finally(() => {
      this.reading = undefined;
    });
    return this.reading;
  }

  private register({ name, help, kind, labelNames = [], read }: Metric): void {
    const sources = [read];
    this.sources.set(name, sources);
    const { log } = this;
    const collect = async function (this: Counter | Gauge): Promise<void> {
      this.reset();
      if (labelNames.length === 0) this.remove(); // A reset leaves a 0, which is a lie where nothing can be read.
      const values = await Promise.all(sources.map((source) => valuesOf(source, name, log)));
      for (const { labels = {}, value } of values.flat()) this.inc(labels, value);
    };
    const options = { name, help, labelNames: [...labelNames], registers: [this.registry], collect };
    const Kind = kind === "counter" ? Counter : Gauge;
    new Kind(options);
  }
}

/** None where it cannot be read: a store that does not answer must not keep the others' figures back. */
async function valuesOf(read: Metric["read"], name: string, log: Log): Promise<readonly MetricValue[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`there is no answer within ${METRICS_MS_MAX} ms`)), METRICS_MS_MAX);
  });
  try {
    const values = await Promise.race([read(), late]);
    if (values.length > METRIC_VALUES_MAX)
      throw new Error(`${values.length} values are more than ${METRIC_VALUES_MAX}`);
    return values;
  } catch (reason) {
    log.warn({ err: reason, metric: name }, "a metric cannot be read now");
    return [];
  } finally {
    clearTimeout(timer);
  }
}
