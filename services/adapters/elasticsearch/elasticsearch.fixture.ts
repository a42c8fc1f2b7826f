import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@elastic/elasticsearch";
import type { LoggedBatch } from "../../domain/logged-batch.ts";
import type { StoredRecord } from "../../domain/stored-record.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DeadLetters } from "../../ports/dead-letters.ts";
import { logQuery } from "../../ports/log-search.fixture.ts";
import { openClient } from "./connection.ts";
import { indexPatterns } from "./index-template.ts";
import { ElasticsearchLogSearch } from "./log-search.ts";
import { ElasticsearchLogSink } from "./log-sink.ts";
import type { ElasticsearchSettings } from "./settings.ts";

const machineClock: Clock = { nowMs: Date.now, sleep: (ms, signal) => sleep(ms, undefined, { signal }) };

/** Settings with an index prefix of its own. */
function settingsForTests(url: string, clock: Clock): ElasticsearchSettings {
  return {
    url,
    indexPrefix: `test-${randomBytes(6).toString("hex")}`,
    replicas: 0,
    clock,
    random: Math.random,
  };
}

/** A sink and a search over indices of their own in a real Elasticsearch. */
export class StoreForTests {
  readonly settings: ElasticsearchSettings;
  readonly sink: ElasticsearchLogSink;
  readonly search: ElasticsearchLogSearch;
  readonly client: Client;
  private readonly signal = AbortSignal.timeout(600_000);

  constructor(url: string, clock = machineClock) {
    this.settings = settingsForTests(url, clock);
    this.sink = new ElasticsearchLogSink(this.settings);
    this.search = new ElasticsearchLogSearch(this.settings);
    this.client = openClient(url);
  }

  /** Stores the batches, of which nothing may be refused, and makes them visible to searches. */
  async store(batches: LoggedBatch[]): Promise<void> {
    await this.sink.store(batches, noDeadLetters, this.signal);
    await this.refresh();
  }

  /** Everything of a tenant that can be searched after a refresh. */
  async stored(tenant: string): Promise<StoredRecord[]> {
    await this.refresh();
    return this.search.search(logQuery(tenant), 10_000, undefined, this.signal);
  }

  async refresh(): Promise<void> {
    await this.client.indices.refresh({ index: this.patterns });
  }

  /** The names of the indices that exist. */
  async indices(): Promise<string[]> {
    const found = await this.client.indices.get({ index: this.patterns, features: ["settings"] });
    return Object.keys(found).sort();
  }

  /** Deletes indices by their names, since Elasticsearch deletes none by a pattern; and the template. */
  async close(): Promise<void> {
    const names = await this.indices();
    if (names.length > 0) await this.client.indices.delete({ index: names });
    await this.client.indices.deleteIndexTemplate({ name: this.settings.indexPrefix }, { ignore: [404] });
    await this.disconnect();
  }

  /** Frees connections; what was stored stays. */
  async disconnect(): Promise<void> {
    await Promise.all([this.sink.close(), this.search.close(), this.client.close()]);
  }

  private get patterns(): string[] {
    return indexPatterns(this.settings.indexPrefix);
  }
}

/** For batches of which nothing may be refused. */
export const noDeadLetters: DeadLetters = {
  keep: async (letters) => {
    throw new Error(`refused: ${letters.map(({ id, reason, detail }) => `${id} ${reason} ${detail}`)}`);
  },
};
