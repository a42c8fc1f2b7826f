import { LAG_AGE_MS_MAX, METRICS_MS_MAX } from "../../domain/limits.ts";
import { msToNanos } from "../../domain/record-time.ts";
import type { Metric } from "../../ports/metrics.ts";
import { askWatermark, type WatermarkParts } from "../../stats/watermark.ts";

interface Lag {
  /** By partition. */
  messages: readonly bigint[];
  /** At least so much. */
  seconds: number;
}

/** How far a store is behind the log: asked for when somebody looks, once for both figures. */
export function lagMetrics(store: string, parts: WatermarkParts): Metric[] {
  const lag = rememberedLag(parts);
  return [
    {
      name: "logpulse_store_lag_messages",
      help: "Messages of a log partition that the store has not settled; a message is a batch of records.",
      kind: "gauge",
      labelNames: ["store", "partition"],
      read: async () => {
        const { messages } = await lag();
        return messages.map((count, partition) => ({
          value: Number(count),
          labels: { store, partition: String(partition) },
        }));
      },
    },
    {
      name: "logpulse_store_behind_seconds",
      help: "Age of the oldest acknowledged batch in the log that the store has not settled; 0 where it has all of them.",
      kind: "gauge",
      labelNames: ["store"],
      read: async () => {
        const { seconds } = await lag();
        return [{ value: seconds, labels: { store } }];
      },
    },
  ];
}

function rememberedLag(parts: WatermarkParts): () => Promise<Lag> {
  let remembered: { lag: Promise<Lag>; untilMs: number } | undefined;
  return () => {
    const nowMs = parts.clock.monotonicMs();
    if (!remembered || nowMs >= remembered.untilMs) {
      remembered = { lag: askLag(parts), untilMs: nowMs + LAG_AGE_MS_MAX };
    }
    return remembered.lag;
  };
}

async function askLag(parts: WatermarkParts): Promise<Lag> {
  const nowNanos = msToNanos(parts.clock.nowMs());
  const { oldest, unsettled } = await askWatermark(parts, nowNanos, AbortSignal.timeout(METRICS_MS_MAX));
  return { messages: unsettled, seconds: Number(nowNanos - (oldest ?? nowNanos)) / 1e9 };
}
