import { setTimeout as sleep } from "node:timers/promises";
import type { QueryCorpus } from "./corpus.ts";
import { type AskedCorpus, askElasticsearch, type ElasticsearchStore, type Percentiles } from "./elasticsearch.ts";
import { type Clients, dayOf, latencyByPath, latencyOf } from "./shapes.ts";
import { summary, type Timing } from "./timings.ts";

const RUNS = 20;
const REST_MS = 250; // Before each question: neither pays for what the other one leaves to be done, like collecting garbage.

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

/** A question that both can answer. */
interface Statistic {
  what: string;
  exact: Percentiles;
  /** In nanoseconds, by cell. */
  fromRollups(clients: Clients): Promise<Percentiles>;
  fromElasticsearch(store: ElasticsearchStore): Promise<Percentiles>;
}

/** p95 of latency, of a day and by path and hour: from the rollups, exactly, and by Elasticsearch where there is one. */
export async function measureStatistics(
  clients: Clients,
  corpus: QueryCorpus,
  elasticsearch: ElasticsearchStore | undefined,
): Promise<StatisticsReport[]> {
  const reports: StatisticsReport[] = [];
  for (const statistic of statisticsOf(corpus)) reports.push(await measureOne(statistic, clients, elasticsearch));
  return reports;
}

function statisticsOf(corpus: QueryCorpus): Statistic[] {
  const day = dayOf(corpus);
  const asked: AskedCorpus = { startMs: corpus.startMs };
  const all = corpus.latencies.values().toArray().flat();
  return [
    {
      what: "p95 of latency by path and hour of a day",
      exact: new Map([...corpus.latencies].map(([cell, values]) => [cell, p95Of(values)])),
      fromRollups: (clients) => latencyByPath(clients, day),
      fromElasticsearch: (store) => askElasticsearch(store, asked, "path and hour"),
    },
    {
      what: "p95 of latency of a day",
      exact: new Map([["", p95Of(all)]]),
      fromRollups: (clients) => latencyOf(clients, day),
      fromElasticsearch: (store) => askElasticsearch(store, asked, "nothing"),
    },
  ];
}

/** Turns are taken: A B A B. */
async function measureOne(
  { what, exact, fromRollups, fromElasticsearch }: Statistic,
  clients: Clients,
  elasticsearch: ElasticsearchStore | undefined,
): Promise<StatisticsReport> {
  const [ours, theirs]: [number[], number[]] = [[], []];
  let [rollupsErrorMax, errorMax] = [0, 0];
  for (let run = 0; run < RUNS; run++) {
    await sleep(REST_MS);
    const startMs = performance.now();
    const found = await fromRollups(clients);
    ours.push(performance.now() - startMs);
    rollupsErrorMax = largestError(found, exact);
    if (!elasticsearch) continue;
    await sleep(REST_MS);
    const aggregatedMs = performance.now();
    const byThem = await fromElasticsearch(elasticsearch);
    theirs.push(performance.now() - aggregatedMs);
    errorMax = largestError(byThem, exact);
  }
  const rollups = summary(ours);
  const report = { what, rollups, rollupsErrorMax, statedErrorMax: 0.01, cells: exact.size };
  if (theirs.length === 0) return report;
  const byElasticsearch = summary(theirs);
  return {
    ...report,
    elasticsearch: { ...byElasticsearch, errorMax },
    timesFaster: Number((byElasticsearch.p50 / rollups.p50).toFixed(1)),
  };
}

/** Nearest rank: the value at place ceil(0.95 n) of the sorted ones. */
function p95Of(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.ceil(0.95 * sorted.length) - 1]!;
}

function largestError(found: Percentiles, exact: Percentiles): number {
  if (found.size !== exact.size) throw new Error(`${found.size} cells were answered; there are ${exact.size}`);
  let largest = 0;
  for (const [cell, wanted] of exact) {
    const value = found.get(cell);
    if (value === undefined) throw new Error(`no answer for ${cell}`);
    largest = Math.max(largest, Math.abs(value - wanted) / wanted);
  }
  return Number(largest.toFixed(5));
}
