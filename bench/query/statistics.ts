import { setTimeout as sleep } from "node:timers/promises";
import type { Ratio } from "../measure/report.ts";
import { ratios } from "../measure/spread.ts";
import type { QueryCorpus } from "./corpus.ts";
import {
  type AskedCorpus,
  type AskedFigures,
  askElasticsearch,
  type ElasticsearchStore,
  type Percentiles,
} from "./elasticsearch.ts";
import { type Clients, dayOf, latencyByPath, latencyOf } from "./shapes.ts";
import { summary, type Timing } from "./timings.ts";

const RUNS = 20;
const REST_MS = 250; // Before each question: neither pays for what the other one leaves to be done, like collecting garbage.

/** Statistics from rollups beside Elasticsearch's aggregations of the same records, and how exact all are. */
export interface StatisticsReport {
  what: string;
  rollups: Timing;
  /** The largest part by which a p95 is off, over all cells. */
  rollupsErrorMax: number;
  statedErrorMax: number;
  cells: number;
  /** Undefined where there is none. */
  elasticsearch?: ElasticsearchReport[];
}

/** Elasticsearch, asked for more or for less. */
interface ElasticsearchReport extends Timing {
  asked: AskedFigures;
  errorMax: number;
  /** Run by run: how long it takes, divided by how long ours does. */
  timesAsLong: Ratio;
}

/** A question that both can answer. */
interface Statistic {
  what: string;
  exact: Percentiles;
  /** In nanoseconds, by cell. */
  fromRollups(clients: Clients): Promise<Percentiles>;
  fromElasticsearch(store: ElasticsearchStore, figures: AskedFigures): Promise<Percentiles>;
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
      fromElasticsearch: (store, figures) => askElasticsearch(store, asked, "path and hour", figures),
    },
    {
      what: "p95 of latency of a day",
      exact: new Map([["", p95Of(all)]]),
      fromRollups: (clients) => latencyOf(clients, day),
      fromElasticsearch: (store, figures) => askElasticsearch(store, asked, "nothing", figures),
    },
  ];
}

const FIGURES: readonly AskedFigures[] = ["p95 of cells", "our whole answer"];

/** Turns are taken: A B C A B C. */
async function measureOne(
  { what, exact, fromRollups, fromElasticsearch }: Statistic,
  clients: Clients,
  elasticsearch: ElasticsearchStore | undefined,
): Promise<StatisticsReport> {
  const ours = new Runs(exact);
  const theirs = FIGURES.map((asked) => ({ asked, runs: new Runs(exact) }));
  for (let run = 0; run < RUNS; run++) {
    await ours.time(() => fromRollups(clients));
    if (!elasticsearch) continue;
    for (const { asked, runs } of theirs) await runs.time(() => fromElasticsearch(elasticsearch, asked));
  }
  const rollups = summary(ours.ms);
  const report = { what, rollups, rollupsErrorMax: ours.errorMax, statedErrorMax: 0.01, cells: exact.size };
  if (!elasticsearch) return report;
  return {
    ...report,
    elasticsearch: theirs.map(({ asked, runs: { ms, errorMax } }) => {
      const timing = summary(ms);
      const timesAsLong = { what: `Elasticsearch, ${asked} / rollups, ms: ${what}`, ...ratios(ms, ours.ms) };
      return { asked, ...timing, errorMax, timesAsLong };
    }),
  };
}

/** Runs of one question, each after a rest. */
class Runs {
  readonly ms: number[] = [];
  errorMax = 0;
  private readonly exact: Percentiles;

  constructor(exact: Percentiles) {
    this.exact = exact;
  }

  async time(ask: () => Promise<Percentiles>): Promise<void> {
    await sleep(REST_MS);
    const startMs = performance.now();
    const found = await ask();
    this.ms.push(performance.now() - startMs);
    this.errorMax = Math.max(this.errorMax, largestError(found, this.exact));
  }
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
