import type { Metric } from "../../ports/metrics.ts";
import type { RetentionTotals } from "../../worker/retention-loop.ts";
import type { WorkerTotals } from "../../worker/worker-loop.ts";
import type { LostTotals } from "../lost-messages.ts";
import { countMetric } from "./count-metric.ts";

/** What a worker has counted of one store. */
export interface StoreTotals {
  worker: WorkerTotals;
  /** Messages that the log deleted before the store had settled them. */
  lost: LostTotals;
  retention: RetentionTotals;
}

/** What is known of one store's writing side. */
export function storeMetrics(store: string, totals: () => StoreTotals | Promise<StoreTotals>): Metric[] {
  return [
    countMetric(
      {
        name: "logpulse_store_records_total",
        help: "Records by what became of them in the store.",
        label: "outcome",
        labels: { store },
      },
      async () => {
        const { stored, duplicate, dropped, deadLettered, rejected, expired } = (await totals()).worker;
        return { stored, duplicate, dropped, dead_lettered: deadLettered, rejected, expired };
      },
    ),
    countMetric(
      {
        name: "logpulse_store_troubles_total",
        help: "What did not go well on the way into the store.",
        label: "kind",
        labels: { store },
      },
      async () => {
        const { worker, lost, retention } = await totals();
        return {
          undecodable_message: worker.undecodable,
          repeated_write: worker.retries,
          message_lost_by_log_retention: Number(lost.lostByLogRetention),
          unknown_number_lost_with_the_log: lost.lostUnknownTimes,
          failed_retention: retention.failures,
        };
      },
    ),
  ];
}
