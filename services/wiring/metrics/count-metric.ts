import type { Metric } from "../../ports/metrics.ts";

/** A counter for each of these counts, told apart by one label: the count's name there is its key here. */
export function countMetric(
  { name, help, label, labels = {} }: { name: string; help: string; label: string; labels?: Record<string, string> },
  counts: () => Readonly<Record<string, number>> | Promise<Readonly<Record<string, number>>>,
): Metric {
  return {
    name,
    help,
    kind: "counter",
    labelNames: [...Object.keys(labels), label],
    read: async () =>
      Object.entries(await counts()).map(([key, value]) => ({ value, labels: { ...labels, [label]: key } })),
  };
}
