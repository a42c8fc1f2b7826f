import { msToNanos, nanosToTimestamp, timestampToNanos } from "../../services/domain/record-time.ts";
import type { QueryCorpus } from "./corpus.ts";
import { type Clients, latencyByPath } from "./shapes.ts";
import { summary, type Timing } from "./timings.ts";

const DAY_MS = 86_400_000;
const RUNS = 10;
const NANOS_PER_MS = 1_000_000;

/** Statistics from rollups beside Elasticsearch's aggregation of the same records, and how exact both are. */
export interface StatisticsReport {
  what: string;
  rollups: Timing;
  /** The largest part by which a p95 is off, over all cells. */
  rollupsErrorMax: number;
  statedErrorMax: number;
  cells: number;
  elasticsearch?: Timing & { errorMax: number };
  /** How many times faster the middle one is. */
  timesFaster?: number;
}

/** p95 by path and hour: from the rollups, exactly, and by Elasticsearch where there is one. Turns are taken: A B A B. */
export async function measureStatistics(
  clients: Clients,
  corpus: QueryCorpus,
  elasticsearch: { url: string; indices: string } | undefined,
): Promise<StatisticsReport> {
  const at = (ms: number) => nanosToTimestamp(msToNanos(ms));
  const day = { startTime: at(corpus.startMs), endTime: at(corpus.startMs + DAY_MS) };
  const exact = exactP95(corpus);
  const [ours, theirs]: [number[], number[]] = [[], []];
  let rollupsErrorMax = 0;
  let errorMax = 0;
  for (let run = 0; run < RUNS; run++) {
    const startMs = performance.now();
    const groups = await latencyByPath(clients, day);
    ours.push(performance.now() - startMs);
    const found = new Map(
      groups.flatMap(({ path, points }) =>
        points.map(({ startTime, figures }) => {
          const hour = timestampToNanos(startTime!) / 3_600_000_000_000n;
          return [`${hour} ${path}`, figures!.p95Ms! * NANOS_PER_MS] as const;
        }),
      ),
    );
    rollupsErrorMax = largestError(found, exact);
    if (!elasticsearch) continue;
    const aggregated = performance.now();
    const byThem = await aggregateInElasticsearch(elasticsearch, corpus);
    theirs.push(performance.now() - aggregated);
    errorMax = largestError(byThem, exact);
  }
  const report: StatisticsReport = {
    what: "p95 of latency by path and hour of a day",
    rollups: summary(ours),
    rollupsErrorMax,
    statedErrorMax: 0.01,
    cells: exact.size,
  };
  if (theirs.length === 0) return report;
  const byElasticsearch = summary(theirs);
  return {
    ...report,
    elasticsearch: { ...byElasticsearch, errorMax },
    timesFaster: Number((byElasticsearch.p50 / report.rollups.p50).toFixed(1)),
  };
}

/** Nearest rank: the value at place ceil(0.95 n) of the sorted ones. */
function exactP95({ latencies }: QueryCorpus): Map<string, number> {
  return new Map(
    [...latencies].map(([cell, values]) => {
      const sorted = Float64Array.from(values).sort();
      return [cell, sorted[Math.ceil(0.95 * sorted.length) - 1]!];
    }),
  );
}

function largestError(found: ReadonlyMap<string, number>, exact: ReadonlyMap<string, number>): number {
  if (found.size !== exact.size) throw new Error(`${found.size} cells were answered; there are ${exact.size}`);
  let largest = 0;
  for (const [cell, wanted] of exact) {
    const value = found.get(cell);
    if (value === undefined) throw new Error(`no answer for ${cell}`);
    largest = Math.max(largest, Math.abs(value - wanted) / wanted);
  }
  return Number(largest.toFixed(5));
}

/** The same question as Elasticsearch is asked it, with its request cache off: the records could have changed. */
async function aggregateInElasticsearch(
  { url, indices }: { url: string; indices: string },
  corpus: QueryCorpus,
): Promise<Map<string, number>> {
  const iso = (ms: number) => new Date(ms).toISOString();
  const body = {
    size: 0,
    query: {
      bool: {
        filter: [
          { range: { time: { gte: iso(corpus.startMs), lt: iso(corpus.startMs + DAY_MS) } } },
          { exists: { field: "http.latency_nanos" } },
        ],
      },
    },
    aggs: {
      paths: {
        terms: { field: "http.path", size: 100 },
        aggs: {
          hours: {
            date_histogram: { field: "time", fixed_interval: "1h" },
            aggs: { latency: { percentiles: { field: "http.latency_nanos", percents: [95] } } },
          },
        },
      },
    },
  };
  const answer = await fetch(`${url}/${indices}/_search?request_cache=false`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`Elasticsearch answered ${answer.status}: ${(await answer.text()).slice(0, 500)}`);
  const { aggregations } = (await answer.json()) as Aggregated;
  return new Map(
    aggregations.paths.buckets.flatMap(({ key: path, hours }) =>
      hours.buckets.map(({ key, latency }) => [`${key / 3_600_000} ${path}`, latency.values["95.0"]!] as const),
    ),
  );
}

interface Aggregated {
  aggregations: {
    paths: {
      buckets: { key: string; hours: { buckets: { key: number; latency: { values: Record<string, number> } }[] } }[];
    };
  };
}
