import { ERROR_KINDS } from "../../domain/errors.ts";
import type { IngestCounts, IngestTotals } from "../../ingest/ingest-counts.ts";
import type { Metric } from "../../ports/metrics.ts";
import { countMetric } from "./count-metric.ts";

const NO_REFUSALS = Object.fromEntries(Object.keys(ERROR_KINDS).map((kind) => [kind, 0])); // The first one is then a rise.

/** What ingest has counted, and what waits in it. */
export function ingestMetrics(counts: IngestCounts): Metric[] {
  const totals = () => counts.totals();
  return [
    countMetric(
      { name: "logpulse_ingest_records_total", help: "Records by what became of them.", label: "outcome" },
      () => {
        const { receivedRecords, acceptedRecords, refusedRecords, rejectedRecords } = totals();
        const rejected = sumOf(rejectedRecords);
        return { received: receivedRecords, accepted: acceptedRecords, rejected, refused: refusedRecords };
      },
    ),
    {
      name: "logpulse_ingest_rejected_records_total",
      help: "Records rejected for ever, by the field at fault (record: the record as a whole) and what is wrong with it.",
      kind: "counter",
      labelNames: ["field", "reason"],
      read: () =>
        totals().rejects.map(({ field, kind, count }) => ({
          value: count,
          labels: { field: field === "" ? "record" : field, reason: kind },
        })),
    },
    countMetric(
      {
        name: "logpulse_ingest_refused_batches_total",
        help: "Batches refused as a whole, by kind of error.",
        label: "kind",
      },
      () => ({ ...NO_REFUSALS, ...totals().refusedBatches }),
    ),
    {
      name: "logpulse_ingest_records_in_flight",
      help: "Records that came in and are not answered: they wait for the log, or are on their way into it.",
      kind: "gauge",
      read: () => [{ value: inFlight(totals()) }],
    },
    {
      name: "logpulse_ingest_append_queue_batches",
      help: "Batches that wait for the log, or are on their way into it.",
      kind: "gauge",
      read: () => [{ value: counts.queues.batches }],
    },
    {
      name: "logpulse_ingest_append_queue_bytes",
      help: "Bytes of these batches.",
      kind: "gauge",
      read: () => [{ value: counts.queues.bytes }],
    },
    {
      name: "logpulse_ingest_senders_waiting",
      help: "Senders of Stream with batches that wait for their limit.",
      kind: "gauge",
      read: () => [{ value: counts.queues.sendersWaiting }],
    },
  ];
}

function inFlight({ receivedRecords, acceptedRecords, refusedRecords, rejectedRecords }: IngestTotals): number {
  return receivedRecords - acceptedRecords - refusedRecords - sumOf(rejectedRecords);
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
