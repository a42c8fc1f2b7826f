const DAY_MS = 86_400_000;

/** Percentiles in nanoseconds, by cell: "492123 /a" of the hour since 1970 and the path, "" of everything. */
export type Percentiles = ReadonlyMap<string, number>;

/** Where Elasticsearch has the records. */
export interface ElasticsearchStore {
  url: string;
  indices: string;
}

/** Which records are asked for: those of the day that begins then. */
export interface AskedCorpus {
  startMs: number;
}

const P95 = { percentiles: { field: "http.latency_nanos", percents: [95] } };
const BY_PATH_AND_HOUR = {
  paths: {
    terms: { field: "http.path", size: 100 },
    aggs: { hours: { date_histogram: { field: "time", fixed_interval: "1h" }, aggs: { latency: P95 } } },
  },
};

/** p95 of latency as Elasticsearch aggregates it, with its request cache off: the records could have changed. */
export async function askElasticsearch(
  { url, indices }: ElasticsearchStore,
  { startMs }: AskedCorpus,
  by: "path and hour" | "nothing",
): Promise<Percentiles> {
  const iso = (ms: number) => new Date(ms).toISOString();
  const ofDay = { range: { time: { gte: iso(startMs), lt: iso(startMs + DAY_MS) } } };
  const hasLatency = { exists: { field: "http.latency_nanos" } };
  const body = {
    size: 0,
    query: { bool: { filter: [ofDay, hasLatency] } },
    aggs: by === "nothing" ? { latency: P95 } : BY_PATH_AND_HOUR,
  };
  const answer = await fetch(`${url}/${indices}/_search?request_cache=false`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`Elasticsearch answered ${answer.status}: ${(await answer.text()).slice(0, 500)}`);
  const { aggregations } = (await answer.json()) as Aggregated;
  if (aggregations.latency) return new Map([["", p95Of(aggregations.latency)]]);
  return new Map(
    aggregations.paths!.buckets.flatMap(({ key: path, hours }) =>
      hours.buckets.map(({ key, latency }) => [`${key / 3_600_000} ${path}`, p95Of(latency)] as const),
    ),
  );
}

interface Latency {
  values: Record<string, number>;
}

interface Aggregated {
  aggregations: {
    latency?: Latency;
    paths?: { buckets: { key: string; hours: { buckets: { key: number; latency: Latency }[] } }[] };
  };
}

function p95Of({ values }: Latency): number {
  return values["95.0"]!;
}
