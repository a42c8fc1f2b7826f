import type { Client } from "@elastic/elasticsearch";
import { LogPulseError } from "../../domain/errors.ts";
import { STORE_WRITE_MS_MAX } from "../../domain/limits.ts";
import type { FirstDays, KeptDays, Retention } from "../../ports/retention.ts";
import { type ElasticsearchRequest, openClient, send } from "./connection.ts";
import { isNotFound, toStoreError } from "./errors.ts";
import { checkIndexPrefix, dayOfIndex, indexName, indexPatterns } from "./index-template.ts";
import { type ElasticsearchSettings, STORE_NAME } from "./settings.ts";
import { StateIndex } from "./state-index.ts";

/**
 * Deletes the daily indices of days that are no longer kept. Each by its own name, never by a pattern: a pattern deletes
 * what it happens to match.
 */
export class ElasticsearchRetention implements Retention {
  readonly name = STORE_NAME;
  private readonly prefix: string;
  private readonly client: Client;
  private readonly state: StateIndex;

  /** Connects when it is first used. @throws Error where the index prefix is not one. */
  constructor(settings: ElasticsearchSettings) {
    checkIndexPrefix(settings.indexPrefix);
    this.prefix = settings.indexPrefix;
    this.client = openClient(settings.url);
    this.state = new StateIndex(this.client, settings);
  }

  async keepFrom(first: FirstDays, signal: AbortSignal): Promise<KeptDays> {
    const firstDay = await this.state.moveFirstDay(first.records, signal);
    const dropped: number[] = [];
    try {
      for (const day of await this.daysBefore(firstDay, signal)) {
        if (await this.drop(day, signal)) dropped.push(day);
      }
    } catch (unfinished) {
      if (dropped.length === 0) throw unfinished;
      return { firstDay, dropped, unfinished };
    }
    return { firstDay, dropped };
  }

  /** Frees connections. */
  async close(): Promise<void> {
    await this.client.close();
  }

  /** The earlier days that have an index, ascending. A closed index is one too. */
  private async daysBefore(firstDay: number, signal: AbortSignal): Promise<number[]> {
    const path = `/_resolve/index/${indexPatterns(this.prefix).join(",")}`;
    const answer = await this.ask({ method: "GET", path, query: { expand_wildcards: "all" } }, signal);
    const { indices } = (answer ?? {}) as { indices?: { name: string }[] };
    if (!indices)
      throw new LogPulseError("store_unavailable", "Elasticsearch was asked for its indices and named none");
    const days = indices.flatMap(({ name }) => dayOfIndex(this.prefix, name) ?? []);
    return days.filter((day) => day < firstDay).sort((a, b) => a - b);
  }

  /** False where somebody else was faster. */
  private async drop(day: number, signal: AbortSignal): Promise<boolean> {
    try {
      await send(
        this.client,
        { method: "DELETE", path: `/${indexName(this.prefix, day)}` },
        STORE_WRITE_MS_MAX,
        signal,
      );
      return true;
    } catch (reason) {
      if (isNotFound(reason)) return false;
      throw toStoreError(reason, signal);
    }
  }

  private async ask(request: ElasticsearchRequest, signal: AbortSignal): Promise<unknown> {
    try {
      return await send(this.client, request, STORE_WRITE_MS_MAX, signal);
    } catch (reason) {
      throw toStoreError(reason, signal);
    }
  }
}
