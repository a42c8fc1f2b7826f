import type { Client } from "@elastic/elasticsearch";
import { LogPulseError } from "../../domain/errors.ts";
import { fullJitterMs } from "../../domain/full-jitter.ts";
import { STORE_ATTEMPTS_MAX, STORE_BYTES_MAX, STORE_WRITE_MS_MAX } from "../../domain/limits.ts";
import type { LoggedBatch } from "../../domain/logged-batch.ts";
import { deadLetterOf, type RefusedRecord } from "../../domain/refused-record.ts";
import type { DeadLetters } from "../../ports/dead-letters.ts";
import { type LogSink, NO_COUNTS, type StoreCounts } from "../../ports/log-sink.ts";
import { type BulkItem, bulkBatch, bulkItem, bulksOf, rejectedItems, type SentItem } from "./bulk.ts";
import { BULK_ANSWER_FILTER, type Verdict, verdictsOf } from "./bulk-answer.ts";
import { BulkBody } from "./bulk-body.ts";
import { checkHealth, openClient, send } from "./connection.ts";
import { isRequestTooLarge, toStoreError } from "./errors.ts";
import { addLaterFields } from "./existing-indices.ts";
import { checkIndexPrefix, indexTemplate } from "./index-template.ts";
import { KnownFirstDay } from "./known-first-day.ts";
import { type ElasticsearchSettings, STORE_NAME } from "./settings.ts";
import { StateIndex } from "./state-index.ts";

const BULK_QUERY = {
  filter_path: BULK_ANSWER_FILTER,
  timeout: "2s", // How long an item waits for its shard to come back before it is answered 503.
};

const SPARE_BODIES_MAX = 4; // As many partitions as are usually stored at once.

/** What became of some records, and those that must be kept as dead letters before they count as settled. */
interface Outcome {
  counts: StoreCounts;
  refused: RefusedRecord[];
}

/** Stores records in daily indices, each under its identity. */
export class ElasticsearchLogSink implements LogSink {
  readonly name = STORE_NAME;
  private readonly settings: ElasticsearchSettings;
  private readonly client: Client;
  private readonly state: StateIndex;
  private readonly firstDay: KnownFirstDay;
  /** Those of earlier calls: as many as there were calls at once. */
  private readonly spareBodies: BulkBody[] = [];

  /** Connects when it is first used. @throws Error where the index prefix is not one. */
  constructor(settings: ElasticsearchSettings) {
    checkIndexPrefix(settings.indexPrefix);
    this.settings = settings;
    this.client = openClient(settings.url);
    this.state = new StateIndex(this.client, settings);
    this.firstDay = new KnownFirstDay(this.state, settings.clock);
  }

  async prepare(): Promise<void> {
    const { indexPrefix, replicas } = this.settings;
    const never = new AbortController().signal;
    const template = indexTemplate(indexPrefix, replicas);
    await this.request({ method: "PUT", path: `/_index_template/${indexPrefix}`, body: template }, never);
    await addLaterFields(this.client, indexPrefix, never);
    await this.state.create(never);
  }

  async store(batches: readonly LoggedBatch[], deadLetters: DeadLetters, signal: AbortSignal): Promise<StoreCounts> {
    const outcome: Outcome = { counts: { ...NO_COUNTS }, refused: [] };
    const kept = await this.keptOf(batches, outcome, signal);
    const body = this.spareBodies.pop() ?? new BulkBody();
    for (const bulk of bulksOf(this.itemsOf(kept, outcome), STORE_BYTES_MAX, body)) {
      await this.settle(bulk, body, outcome, signal);
    }
    this.keepSpare(body); // Not where a request has failed, which may still read from it.
    const { counts, refused } = outcome;
    if (refused.length > 0) await deadLetters.keep(refused.map((record) => deadLetterOf(STORE_NAME, record)));
    return { ...counts, deadLettered: refused.length };
  }

  async check(): Promise<void> {
    const never = new AbortController().signal;
    await Promise.all([checkHealth(this.client, this.settings.indexPrefix), this.state.firstDay(never)]);
  }

  async close(): Promise<void> {
    await this.client.close();
  }

  private keepSpare(body: BulkBody): void {
    if (this.spareBodies.length < SPARE_BODIES_MAX && body.capacity <= STORE_BYTES_MAX) this.spareBodies.push(body);
  }

  /** Without the batches of days that are no longer kept, which are counted. */
  private async keptOf(
    batches: readonly LoggedBatch[],
    { counts }: Outcome,
    signal: AbortSignal,
  ): Promise<LoggedBatch[]> {
    const firstDay = await this.firstDay.get(signal);
    const isExpired = ({ producerDay }: LoggedBatch) => producerDay < firstDay;
    for (const { recordCount } of batches.filter(isExpired)) counts.expired += recordCount;
    return batches.filter((batch) => !isExpired(batch));
  }

  /** What is to be sent; what is not is counted on the way. */
  private *itemsOf(batches: readonly LoggedBatch[], { counts, refused }: Outcome): Generator<BulkItem> {
    for (const batch of batches) {
      counts.rejected += batch.recordCount - batch.records.length;
      const common = orError(() => bulkBatch(this.settings.indexPrefix, batch));
      if (!(common instanceof Error)) yield* rejectedItems(common);
      for (const logged of batch.records) {
        if (logged.dropped) {
          counts.dropped += 1;
          continue;
        }
        const item = common instanceof Error ? common : orError(() => bulkItem(common, logged));
        if (item instanceof Error) refused.push({ batch, logged, reason: "no_document", detail: item.message });
        else yield item;
      }
    }
  }

  /** Sends the items until each is stored, found or refused; those that the store was too busy for go again alone. */
  private async settle(
    bulk: readonly SentItem[],
    body: BulkBody,
    outcome: Outcome,
    signal: AbortSignal,
  ): Promise<void> {
    let waiting = bulk.map((_, index) => index);
    let busy = "";
    for (let attempt = 1; attempt <= STORE_ATTEMPTS_MAX; attempt++) {
      const verdicts = await this.sendBulk(body, waiting, signal);
      const again: number[] = [];
      verdicts.forEach((verdict, place) => {
        const index = waiting[place]!;
        if (verdict.is === "busy") {
          again.push(index);
          busy = verdict.reason;
        } else {
          settleItem(bulk[index]!, verdict, outcome);
        }
      });
      if (again.length === 0) return;
      waiting = again;
      if (attempt < STORE_ATTEMPTS_MAX) await this.wait(attempt, signal);
    }
    const said = `Elasticsearch did not take ${waiting.length} of ${bulk.length} records (${busy})`;
    throw new LogPulseError("store_unavailable", said);
  }

  /** One verdict per index. A request that is too long for the server is halved; one record that is, is refused. */
  private async sendBulk(body: BulkBody, indexes: readonly number[], signal: AbortSignal): Promise<Verdict[]> {
    const lines = body.of(indexes);
    try {
      const request = { method: "POST", path: "/_bulk", query: BULK_QUERY, lines } as const;
      return verdictsOf(await send(this.client, request, STORE_WRITE_MS_MAX, signal), indexes.length);
    } catch (reason) {
      if (!isRequestTooLarge(reason)) throw toStoreError(reason, signal);
    }
    body.leaveMemory();
    const half = Math.floor(indexes.length / 2);
    if (half === 0) return [{ is: "refused", reason: "request_too_large", detail: `${lines.length} bytes` }];
    return [
      ...(await this.sendBulk(body, indexes.slice(0, half), signal)),
      ...(await this.sendBulk(body, indexes.slice(half), signal)),
    ];
  }

  private async request(request: Parameters<typeof send>[1], signal: AbortSignal): Promise<void> {
    try {
      await send(this.client, request, STORE_WRITE_MS_MAX, signal);
    } catch (reason) {
      throw toStoreError(reason, signal);
    }
  }

  private async wait(attempt: number, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.settings;
    try {
      await clock.sleep(fullJitterMs(attempt, random()), signal);
    } catch (reason) {
      throw toStoreError(reason, signal);
    }
  }
}

/** A record that has no document must not hold up those behind it for ever. */
function orError<T>(make: () => T): T | Error {
  try {
    return make();
  } catch (reason) {
    return reason instanceof Error ? reason : new Error(String(reason));
  }
}

/** What stands in a rejected record's place is counted already, and has nothing in it that could be refused. */
function settleItem({ batch, logged }: SentItem, verdict: Exclude<Verdict, { is: "busy" }>, outcome: Outcome): void {
  if (!logged) return;
  if (verdict.is !== "refused") outcome.counts[verdict.is] += 1;
  else outcome.refused.push({ batch, logged, reason: verdict.reason, detail: verdict.detail });
}
