/** One value of a metric. Label values come from small sets that the program knows, never from records or callers. */
export interface MetricValue {
  value: number;
  labels?: Readonly<Record<string, string>>;
}

/** Something that whoever is on call wants to know, read when somebody looks. */
export interface Metric {
  /** As Prometheus wants it: "logpulse_ingest_records_total", in base units. */
  name: string;
  /** In one sentence. */
  help: string;
  /** A counter only grows, from 0 at the start of the process. */
  kind: "counter" | "gauge";
  labelNames?: readonly string[];
  /** What it is now; a rejection leaves it out of that look. */
  read(): readonly MetricValue[] | Promise<readonly MetricValue[]>;
}

/** Takes how long something took, in seconds. */
export type TakeSeconds = (seconds: number, labels: Readonly<Record<string, string>>) => void;

/** How long things take, counted in buckets. */
export interface MetricTimes {
  name: string;
  help: string;
  labelNames: readonly string[];
  /** Buckets beyond those up to ten seconds, which all have: for what may take long. */
  longSeconds?: readonly number[];
}

/**
 * Where the parts of a process say what can be known of them. Several may add metrics of one name, alike in all but what
 * they read: values of the same labels are added up.
 */
export interface Metrics {
  add(...metrics: readonly Metric[]): void;
  times(metric: MetricTimes): TakeSeconds;
}
