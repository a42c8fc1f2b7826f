import type { MetricTimes } from "../../ports/metrics.ts";

/** One append is one message or several, joined. */
export const APPEND_TIMES: MetricTimes = {
  name: "logpulse_log_append_seconds",
  help: "How long appends to the event log took, until every copy had them.",
  labelNames: ["operation", "outcome"],
};

/** By store: the writing side's `store`, and what the reading side is asked. */
export const STORE_TIMES: MetricTimes = {
  name: "logpulse_store_operation_seconds",
  help: "How long a store took for what it was asked, queueing at our own gate included.",
  labelNames: ["store", "operation", "outcome"],
};

/** From the moment ingest had a batch until a store had settled it. */
export const SETTLED_TIMES: MetricTimes = {
  name: "logpulse_store_settled_seconds",
  help: "How long after ingest received it a batch was settled in the store.",
  labelNames: ["store"],
  longSeconds: [30, 60, 300, 1_800, 3_600], // A backlog is hours at worst.
};

/** Every call that reached its handler, on whatever protocol. */
export const CALL_TIMES: MetricTimes = {
  name: "logpulse_call_seconds",
  help: "How long calls took until they ended, well or not; a stream is one call.",
  labelNames: ["method"],
  longSeconds: [60, 600, 3_600], // Streams and tails.
};
