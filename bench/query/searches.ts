import { setTimeout as sleep } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { type SearchLogsRequest, SearchLogsRequestSchema } from "../../gen/logpulse/v1/query_service_pb.ts";
import { readSearchAnswer } from "../../services/adapters/elasticsearch/search-answer.ts";
import { SEARCH_QUERY } from "../../services/adapters/elasticsearch/search-calls.ts";
import { searchBody } from "../../services/adapters/elasticsearch/search-request.ts";
import { STORE_QUERY_MS_MAX } from "../../services/domain/limits.ts";
import { readSearch } from "../../services/query/read-questions.ts";
import type { Ratio } from "../measure/report.ts";
import { ratios } from "../measure/spread.ts";
import { askSearch, type ElasticsearchStore } from "./elasticsearch.ts";
import type { Clients, Shape } from "./shapes.ts";
import { summary, type Timing } from "./timings.ts";

const RUNS = 40;
const WARM_RUNS = 4;
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
  const body = bodyOf(request);
  const sides = { ours: () => shape.ask(clients), theirs: () => hitsOf(store, body) };
  const ms = { ours: [] as number[], theirs: [] as number[] };
  for (let run = 0; run < WARM_RUNS + RUNS; run++) {
    const found = { ours: 0, theirs: 0 };
    // In turns: who asks first fills caches for the other one.
    for (const side of run % 2 === 0 ? (["ours", "theirs"] as const) : (["theirs", "ours"] as const)) {
      await sleep(REST_MS);
      const startMs = performance.now();
      found[side] = await sides[side]();
      if (run >= WARM_RUNS) ms[side].push(performance.now() - startMs);
    }
    requireSame(shape.name, found.ours, Math.min(found.theirs, request.pageSize));
  }
  const [ours, elasticsearch] = [summary(ms.ours), summary(ms.theirs)];
  return {
    name: shape.name,
    ours,
    elasticsearch,
    addedMsP95: Number((ours.p95 - elasticsearch.p95).toFixed(1)),
    shareOfOurs: { what: `Elasticsearch's own search / ours, ms: ${shape.name}`, ...ratios(ms.theirs, ms.ours) },
  };
}

/** What the service would send for it. */
function bodyOf(request: SearchLogsRequest): string {
  const page = { size: request.pageSize + 1, order: "newest_first", after: undefined, msMax: 0 } as const;
  const body = searchBody(readSearch(TENANT, request), page);
  if (body === undefined) throw new Error("a search that can find nothing is not measured");
  return JSON.stringify({ ...body, timeout: `${STORE_QUERY_MS_MAX}ms` });
}

function requireSame(name: string, ours: number, theirs: number): void {
  if (ours === 0 || ours !== theirs) throw new Error(`"${name}" found ${ours} records, Elasticsearch itself ${theirs}`);
}

async function hitsOf({ url, indices }: ElasticsearchStore, body: string): Promise<number> {
  const asked = new URLSearchParams(Object.entries(SEARCH_QUERY).map(([name, value]) => [name, String(value)]));
  const answer = await askSearch(`${url}/${indices}/_search?${asked}`, body);
  const { timedOut, hits } = readSearchAnswer(answer);
  if (timedOut) throw new Error("Elasticsearch had too little time");
  return hits.length;
}
