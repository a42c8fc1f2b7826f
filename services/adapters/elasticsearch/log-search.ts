import type { Client } from "@elastic/elasticsearch";
import { LogPulseError } from "../../domain/errors.ts";
import { fullJitterMs } from "../../domain/full-jitter.ts";
import { SEARCH_ANSWER_BYTES_MAX, STORE_ATTEMPTS_MAX, STORE_QUERY_MS_MAX } from "../../domain/limits.ts";
import { type SortKey, type StoredRecord, sortKeyOf } from "../../domain/stored-record.ts";
import type { LogQuery, LogSearch } from "../../ports/log-search.ts";
import { checkHealth, openClient, send } from "./connection.ts";
import { fromSource, type Source } from "./document.ts";
import { isAnswerTooLarge, isTooBusy, toStoreError } from "./errors.ts";
import { checkIndexPrefix, indexPatterns } from "./index-template.ts";
import { searchBody } from "./search-request.ts";
import type { ElasticsearchSettings } from "./settings.ts";

const SEARCH_QUERY = {
  // No index yet is an empty answer.
  ignore_unavailable: true,
  allow_no_indices: true,
  // A part of the answer must not pass for the whole.
  allow_partial_search_results: false,
};

interface Answer {
  timed_out: boolean;
  _shards: { failed: number };
  hits: { hits: { _source: Source }[] };
}

/** Searches the daily indices. */
export class ElasticsearchLogSearch implements LogSearch {
  private readonly settings: ElasticsearchSettings;
  private readonly client: Client;

  /** Connects when it is first used. @throws Error where the index prefix is not one. */
  constructor(settings: ElasticsearchSettings) {
    checkIndexPrefix(settings.indexPrefix);
    this.settings = settings;
    this.client = openClient(settings.url);
  }

  async search(
    query: LogQuery,
    size: number,
    after: SortKey | undefined,
    signal: AbortSignal,
  ): Promise<StoredRecord[]> {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(STORE_QUERY_MS_MAX)]);
    try {
      return await this.find(query, size, after, deadline);
    } catch (reason) {
      throw deadline.aborted && !signal.aborted ? tooSlow(reason) : toStoreError(reason, signal);
    }
  }

  async check(): Promise<void> {
    await checkHealth(this.client, this.settings.indexPrefix);
  }

  /** Frees connections. */
  async close(): Promise<void> {
    await this.client.close();
  }

  /** Halves of the page where the whole would be too long an answer: a thousand records may have 256 KiB each. */
  private async find(
    query: LogQuery,
    size: number,
    after: SortKey | undefined,
    deadline: AbortSignal,
  ): Promise<StoredRecord[]> {
    const body = searchBody(query, size, after, STORE_QUERY_MS_MAX);
    if (!body) return [];
    try {
      return (await this.ask(body, deadline)).map(fromSource);
    } catch (reason) {
      if (!isAnswerTooLarge(reason) || size === 1) throw reason;
    }
    const half = Math.ceil(size / 2);
    const first = await this.find(query, half, after, deadline);
    const last = first.at(-1);
    if (!last || first.length < half) return first;
    return [...first, ...(await this.find(query, size - half, sortKeyOf(last), deadline))];
  }

  /**
   * Asks again after a short wait where the store was away: for a tenth of a second after the first record of a day has
   * made its index, Elasticsearch refuses every search that names it.
   */
  private async ask(body: object, deadline: AbortSignal): Promise<Source[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.askOnce(body, deadline);
      } catch (reason) {
        // Asking a busy server again would only add to its load.
        if (isAnswerTooLarge(reason) || isTooBusy(reason) || attempt === STORE_ATTEMPTS_MAX) throw reason;
        const error = toStoreError(reason, deadline);
        if (error.kind !== "store_unavailable") throw error;
      }
      await this.settings.clock.sleep(fullJitterMs(attempt, this.settings.random()), deadline);
    }
  }

  private async askOnce(body: object, deadline: AbortSignal): Promise<Source[]> {
    const path = `/${indexPatterns(this.settings.indexPrefix).join(",")}/_search`;
    const answerBytesMax = SEARCH_ANSWER_BYTES_MAX;
    const request = { method: "POST", path, query: SEARCH_QUERY, body, answerBytesMax } as const;
    const answer = (await send(this.client, request, STORE_QUERY_MS_MAX, deadline)) as Answer;
    if (answer.timed_out || answer._shards.failed > 0) {
      throw new LogPulseError("store_unavailable", "Elasticsearch could search only a part of the records in time");
    }
    return answer.hits.hits.map((hit) => hit._source);
  }
}

function tooSlow(cause: unknown): LogPulseError {
  const said = `Elasticsearch gave no answer within ${STORE_QUERY_MS_MAX} ms`;
  return new LogPulseError("store_unavailable", said, { cause });
}
