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

const P95 = { latency: { percentiles: { field: "http.latency_nanos", percents: [95] } } };

/** All that our answers tell of latencies, of each sum. */
const ALL_FIGURES = {
  latency: { percentiles: { field: "http.latency_nanos", percents: [50, 90, 95, 99] } },
  others: { stats: { field: "http.latency_nanos" } }, // Their number, mean and maximum.
};

/** What Elasticsearch is asked for: of cells the p95 alone, or what our answer has, all of it. */
export type AskedFigures = "p95 of cells" | "our whole answer";

function aggregations(by: "path and hour" | "nothing", asked: AskedFigures): object {
  const isWhole = asked === "our whole answer";
  const figures = isWhole ? ALL_FIGURES : P95;
  if (by === "nothing") return figures;
  const hours = { hours: { date_histogram: { field: "time", fixed_interval: "1h" }, aggs: figures } };
  const ofEach = isWhole ? { ...hours, ...figures } : hours; // Also of each path, of each hour and of everything.
  const paths = { paths: { terms: { field: "http.path", size: 100 }, aggs: ofEach } };
  return isWhole ? { ...paths, ...ofEach } : paths;
}

/** p95 of latency as Elasticsearch aggregates it, with its request cache off: the records could have changed. */
export async function askElasticsearch(
  { url, indices }: ElasticsearchStore,
  { startMs }: AskedCorpus,
  by: "path and hour" | "nothing",
  figures: AskedFigures,
): Promise<Percentiles> {
  const iso = (ms: number) => new Date(ms).toISOString();
  const ofDay = { range: { time: { gte: iso(startMs), lt: iso(startMs + DAY_MS) } } };
  const hasLatency = { exists: { field: "http.latency_nanos" } };
  const body = {
    size: 0,
    query: { bool: { filter: [ofDay, hasLatency] } },
    aggs: aggregations(by, figures),
  };
  const answer = await askSearch(`${url}/${indices}/_search?request_cache=false`, JSON.stringify(body));
  const { aggregations: found } = answer as Aggregated;
  if (by === "nothing") return new Map([["", p95Of(found.latency!)]]);
  return new Map(
    found.paths!.buckets.flatMap(({ key: path, hours }) =>
      hours.buckets.map(({ key, latency }) => [`${key / 3_600_000} ${path}`, p95Of(latency)] as const),
    ),
  );
}

/** One search, by HTTP. @throws Error where Elasticsearch refuses it. */
export async function askSearch(url: string, body: string): Promise<unknown> {
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  if (!answer.ok) throw new Error(`Elasticsearch answered ${answer.status}: ${(await answer.text()).slice(0, 500)}`);
  return answer.json();
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
