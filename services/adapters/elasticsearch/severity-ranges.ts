import { SEVERITY_RANGE_NAMES } from "../../domain/severity.ts";

/** The aggregation that counts the records of TRACE to FATAL, four severities each. */
export const SEVERITY_RANGES = {
  range: {
    field: "severity",
    ranges: SEVERITY_RANGE_NAMES.slice(1).map((_, place) => ({ from: place * 4 + 1, to: place * 4 + 5 })),
  },
};

/** What `SEVERITY_RANGES` is answered: six counts, those of TRACE first. */
export function severityCounts(answer: unknown): number[] {
  const { buckets } = answer as { buckets: { from: number; doc_count: number }[] };
  return buckets.sort((a, b) => a.from - b.from).map(({ doc_count }) => doc_count);
}
