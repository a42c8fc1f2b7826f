import type { Client } from "@elastic/elasticsearch";
import { LogPulseError } from "../../domain/errors.ts";
import { STORE_QUERY_MS_MAX } from "../../domain/limits.ts";
import { parseRfc3339 } from "../../domain/record-time.ts";
import type { FacetCounts, FacetField, HistogramCounts, LogAggregates, TimeSpan } from "../../ports/log-aggregates.ts";
import type { RecordQuery } from "../../ports/record-query.ts";
import type { Clause } from "./clause.ts";
import { openClient } from "./connection.ts";
import { isTooCostly } from "./errors.ts";
import { facetOf } from "./facet-request.ts";
import { histogramAggregation, readHistogram } from "./histogram-request.ts";
import { checkIndexPrefix } from "./index-template.ts";
import { QuestionTime } from "./question-time.ts";
import type { SearchAnswer } from "./search-answer.ts";
import { search } from "./search-calls.ts";
import { edgeBody, queryClause } from "./search-request.ts";
import type { ElasticsearchSettings } from "./settings.ts";

/** Counts over the daily indices. */
export class ElasticsearchLogAggregates implements LogAggregates {
  private readonly settings: ElasticsearchSettings;
  private readonly client: Client;

  /** Connects when it is first used. @throws Error where the index prefix is not one. */
  constructor(settings: ElasticsearchSettings) {
    checkIndexPrefix(settings.indexPrefix);
    this.settings = settings;
    this.client = openClient(settings.url);
  }

  /** By two searches: aggregations give times in whole milliseconds. */
  async timeSpan(query: RecordQuery, signal: AbortSignal): Promise<TimeSpan | undefined> {
    const clause = queryClause(query);
    if (!clause) return undefined;
    const edges = (["asc", "desc"] as const).map((order) => this.ask(edgeBody(clause, order), signal));
    const [oldestNanos, newestNanos] = (await Promise.all(edges)).map(timeOfFirst);
    return oldestNanos === undefined || newestNanos === undefined ? undefined : { oldestNanos, newestNanos };
  }

  async histogram(query: RecordQuery, widthNanos: bigint, signal: AbortSignal): Promise<HistogramCounts[]> {
    const clause = queryClause(query);
    if (!clause) return [];
    const { histogram } = await this.aggregate(clause, { histogram: histogramAggregation(widthNanos) }, signal);
    return histogram === undefined ? [] : readHistogram(histogram, widthNanos);
  }

  async facets(
    query: RecordQuery,
    fields: readonly FacetField[],
    size: number,
    signal: AbortSignal,
  ): Promise<FacetCounts[]> {
    const facets = fields.map((field) => (size < 1 ? undefined : facetOf(field, size)));
    const aggregations = Object.fromEntries(
      facets.flatMap((facet, place) => (facet ? [[String(place), facet.aggregation]] : [])),
    );
    const clause = queryClause(query);
    const isEmpty = !clause || Object.keys(aggregations).length === 0;
    const answers = isEmpty ? {} : await this.aggregate(clause, aggregations, signal);
    return facets.map((facet, place) => {
      const answer = answers[String(place)];
      return facet && answer !== undefined ? facet.read(answer) : { values: [], countErrorMax: 0 };
    });
  }

  /** Frees connections. */
  async close(): Promise<void> {
    await this.client.close();
  }

  /** The answers by name; none where no index is there yet. */
  private async aggregate(
    query: Clause,
    aggs: Record<string, object>,
    signal: AbortSignal,
  ): Promise<Record<string, unknown>> {
    return (await this.ask({ size: 0, track_total_hits: false, query, aggs }, signal)).aggregations;
  }

  /** A count of a part would pass for one of the whole: it is an error. */
  private async ask(body: object, signal: AbortSignal): Promise<SearchAnswer> {
    const time = new QuestionTime(STORE_QUERY_MS_MAX, signal);
    try {
      const answer = await search(this.client, this.settings, body, time);
      if (answer.timedOut) throw tooCostly(`takes longer than ${STORE_QUERY_MS_MAX} ms`);
      return answer;
    } catch (reason) {
      throw isTooCostly(reason)
        ? tooCostly("takes more memory than Elasticsearch gives it", time.errorOf(reason))
        : time.errorOf(reason);
    }
  }
}

function tooCostly(why: string, cause?: unknown): LogPulseError {
  return new LogPulseError("query_too_costly", `counting these records ${why}; ask for a shorter time`, { cause });
}

/** @throws Error where Elasticsearch answered with something else than a time. */
function timeOfFirst({ hits: [first] }: SearchAnswer): bigint | undefined {
  if (!first) return undefined;
  const nanos = parseRfc3339(String(first.sort[0]));
  if (nanos === undefined)
    throw new LogPulseError("store_unavailable", "Elasticsearch was asked for a time and gave none");
  return nanos;
}
