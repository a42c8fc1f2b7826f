import type { Client } from "@elastic/elasticsearch";
import type { FoundRecords, LogSearch, SearchPage } from "../../ports/log-search.ts";
import type { RecordQuery } from "../../ports/record-query.ts";
import { checkHealth, openClient } from "./connection.ts";
import { fromSource } from "./document.ts";
import { isAnswerTooLarge } from "./errors.ts";
import { checkIndexPrefix } from "./index-template.ts";
import { QuestionTime } from "./question-time.ts";
import { search } from "./search-calls.ts";
import { searchBody } from "./search-request.ts";
import type { ElasticsearchSettings } from "./settings.ts";

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

  async search(query: RecordQuery, page: SearchPage, signal: AbortSignal): Promise<FoundRecords> {
    const time = new QuestionTime(page.msMax, signal);
    try {
      return await this.find(query, page, time);
    } catch (reason) {
      throw time.errorOf(reason);
    }
  }

  async check(): Promise<void> {
    await checkHealth(this.client, this.settings.indexPrefix);
  }

  /** Frees connections. */
  async close(): Promise<void> {
    await this.client.close();
  }

  /** Half of the page where the whole would be too long an answer: a thousand records may have 256 KiB each. */
  private async find(query: RecordQuery, page: SearchPage, time: QuestionTime): Promise<FoundRecords> {
    const body = searchBody(query, page);
    if (!body) return { records: [], isPartial: false, isCut: false };
    try {
      const { hits, timedOut } = await search(this.client, this.settings, body, time);
      return { records: hits.map((hit) => fromSource(hit._source)), isPartial: timedOut, isCut: false };
    } catch (reason) {
      if (!isAnswerTooLarge(reason) || page.size === 1) throw reason;
    }
    const half = Math.ceil(page.size / 2);
    const first = await this.find(query, { ...page, size: half }, time);
    return { ...first, isCut: first.isCut || (!first.isPartial && first.records.length === half) };
  }
}
