import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@elastic/elasticsearch";
import type { DropRule } from "../../domain/drop-rules.ts";
import { FIRST_DAY_AGE_MS_MAX } from "../../domain/limits.ts";
import type { LoggedBatch } from "../../domain/logged-batch.ts";
import type { StoredRecord } from "../../domain/stored-record.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DeadLetterReplayHarness } from "../../ports/dead-letter-replay.contract.ts";
import type { DeadLetters } from "../../ports/dead-letters.ts";
import { recordQuery, searchPage } from "../../ports/log-search.fixture.ts";
import { openClient } from "./connection.ts";
import { ElasticsearchDeadLetterReplay } from "./dead-letter-replay.ts";
import { indexPatterns } from "./index-template.ts";
import { ElasticsearchLogAggregates } from "./log-aggregates.ts";
import { ElasticsearchLogSearch } from "./log-search.ts";
import { ElasticsearchLogSink } from "./log-sink.ts";
import { ElasticsearchRetention } from "./retention.ts";
import type { ElasticsearchSettings } from "./settings.ts";

const machineClock: Clock = {
  nowMs: Date.now,
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
};

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

/** All adapters over indices of their own in a real Elasticsearch. */
export class StoreForTests {
  readonly settings: ElasticsearchSettings;
  readonly sink: ElasticsearchLogSink;
  readonly search: ElasticsearchLogSearch;
  readonly aggregates: ElasticsearchLogAggregates;
  readonly retention: ElasticsearchRetention;
  readonly replay: ElasticsearchDeadLetterReplay;
  readonly client: Client;
  private readonly signal = AbortSignal.timeout(600_000);
  private aheadMs = 0;

  constructor(url: string, clock = machineClock, dropRules: readonly DropRule[] = []) {
    this.settings = settingsForTests(url, { ...clock, nowMs: () => clock.nowMs() + this.aheadMs });
    this.sink = new ElasticsearchLogSink(this.settings);
    this.search = new ElasticsearchLogSearch(this.settings);
    this.aggregates = new ElasticsearchLogAggregates(this.settings);
    this.retention = new ElasticsearchRetention(this.settings);
    this.replay = new ElasticsearchDeadLetterReplay(this.settings, dropRules);
    this.client = openClient(url);
  }

  /** For the contracts. */
  get harness(): DeadLetterReplayHarness {
    return {
      sink: this.sink,
      stored: (tenant) => this.stored(tenant),
      retention: this.retention,
      replay: this.replay,
      firstDaySeen: () => this.firstDaySeen(),
      judgesConflicts: false,
      refusedRecord: { time: { seconds: -1n } },
      close: () => this.close(),
    };
  }

  /** Moves the clock so far that every adapter asks for the first day again. */
  async firstDaySeen(): Promise<void> {
    this.aheadMs += FIRST_DAY_AGE_MS_MAX;
  }

  /** Stores the batches, of which nothing may be refused, and makes them visible to searches. */
  async store(batches: LoggedBatch[]): Promise<void> {
    await this.sink.store(batches, noDeadLetters, this.signal);
    await this.refresh();
  }

  /** Everything of a tenant that can be searched after a refresh. */
  async stored(tenant: string): Promise<StoredRecord[]> {
    await this.refresh();
    const { records, isPartial } = await this.search.search(
      recordQuery(tenant),
      searchPage({ size: 10_000 }),
      this.signal,
    );
    if (isPartial) throw new Error(`more than these ${records.length} records are stored`);
    return records;
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
    await this.client.indices.delete({ index: `${this.settings.indexPrefix}-state` }, { ignore: [404] });
    await this.client.indices.deleteIndexTemplate({ name: this.settings.indexPrefix }, { ignore: [404] });
    await this.disconnect();
  }

  /** Frees connections; what was stored stays. */
  async disconnect(): Promise<void> {
    const all = [this.sink, this.search, this.aggregates, this.retention, this.replay, this.client];
    await Promise.all(all.map((one) => one.close()));
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
