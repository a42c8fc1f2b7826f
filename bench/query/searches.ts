import { setTimeout as sleep } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { SearchLogsRequestSchema } from "../../gen/logpulse/v1/query_service_pb.ts";
import { searchBody } from "../../services/adapters/elasticsearch/search-request.ts";
import { readSearch } from "../../services/query/read-questions.ts";
import type { Ratio } from "../measure/report.ts";
import { ratios } from "../measure/spread.ts";
import type { ElasticsearchStore } from "./elasticsearch.ts";
import type { Clients, Shape } from "./shapes.ts";
import { summary, type Timing } from "./timings.ts";

const RUNS = 40;
const WARM_RUNS = 3;
const REST_MS = 50; // Before each: neither pays for what the other one leaves to be done.
const TENANT = "default";

/** One search by QueryService beside the same body put to Elasticsearch itself. */
export interface SearchReport {
  name: string;
  ours: Timing;
  elasticsearch: Timing;
  /** What the way through Envoy and QueryService adds to p95. */
  addedMsP95: number;
  /** Run by run: how long Elasticsearch takes, divided by how long ours does. */
  shareOfOurs: Ratio;
}

/**
 * Each search, answered by us and by Elasticsearch in turns; it is sent the body that we would send. Its answer is read as
 * JSON and ours as a message, as a caller would have it.
 */
export async function measureSearches(
  clients: Clients,
  asked: readonly Shape[],
  store: ElasticsearchStore,
): Promise<SearchReport[]> {
  const reports: SearchReport[] = [];
  for (const shape of asked) if (shape.request !== undefined) reports.push(await measureOne(clients, shape, store));
  return reports;
}

async function measureOne(clients: Clients, shape: Shape, store: ElasticsearchStore): Promise<SearchReport> {
  const request = create(SearchLogsRequestSchema, shape.request);
  const page = { size: request.pageSize + 1, order: "newest_first", after: undefined, msMax: 0 } as const;
  const body = JSON.stringify(searchBody(readSearch(TENANT, request), page));
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let run = -WARM_RUNS; run < RUNS; run++) {
    const ms = [await timed(() => shape.ask(clients)), await timed(() => hitsOf(store, body))] as const;
    if (run < 0) continue;
    ours.push(ms[0]);
    theirs.push(ms[1]);
  }
  const [own, elasticsearch] = [summary(ours), summary(theirs)];
  return {
    name: shape.name,
    ours: own,
    elasticsearch,
    addedMsP95: Number((own.p95 - elasticsearch.p95).toFixed(1)),
    shareOfOurs: { what: `Elasticsearch's own search / ours, ms: ${shape.name}`, ...ratios(theirs, ours) },
  };
}

/** @throws Error where the answer is empty: it would measure nothing. */
async function timed(ask: () => Promise<number>): Promise<number> {
  await sleep(REST_MS);
  const startMs = performance.now();
  const found = await ask();
  const ms = performance.now() - startMs;
  if (found === 0) throw new Error("a search found nothing");
  return ms;
}

async function hitsOf({ url, indices }: ElasticsearchStore, body: string): Promise<number> {
  const answer = await fetch(`${url}/${indices}/_search?request_cache=false`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  if (!answer.ok) throw new Error(`Elasticsearch answered ${answer.status}: ${(await answer.text()).slice(0, 500)}`);
  const { hits } = (await answer.json()) as { hits: { hits: unknown[] } };
  return hits.hits.length;
}
