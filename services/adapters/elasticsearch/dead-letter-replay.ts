import type { Client } from "@elastic/elasticsearch";
import type { DeadLetter } from "../../../gen/logpulse/v1/dead_letter_pb.ts";
import type { DropRule } from "../../domain/drop-rules.ts";
import { LogPulseError } from "../../domain/errors.ts";
import { STORE_QUERY_MS_MAX } from "../../domain/limits.ts";
import type { LoggedBatch } from "../../domain/logged-batch.ts";
import type { DeadLetterReplay, ReplayOutcome } from "../../ports/dead-letter-replay.ts";
import type { ListedLetter } from "../../ports/dead-letter-table.ts";
import { replayedBatch } from "../../ports/replayed-batch.ts";
import { documentId } from "./bulk.ts";
import { openClient, send } from "./connection.ts";
import { toStoreError } from "./errors.ts";
import { indexName } from "./index-template.ts";
import { ElasticsearchLogSink } from "./log-sink.ts";
import { type ElasticsearchSettings, STORE_NAME } from "./settings.ts";

/** Sends to Elasticsearch again what it refused. The letter's state is moved by the caller. */
export class ElasticsearchDeadLetterReplay implements DeadLetterReplay {
  readonly name = STORE_NAME;
  private readonly prefix: string;
  private readonly dropRules: readonly DropRule[];
  private readonly sink: ElasticsearchLogSink;
  private readonly client: Client;
  private isPrepared = false;

  /**
   * Connects when it is first used. `dropRules`: for whole messages, which no worker could look at.
   *
   * @throws Error where the index prefix is not one.
   */
  constructor(settings: ElasticsearchSettings, dropRules: readonly DropRule[]) {
    this.prefix = settings.indexPrefix;
    this.dropRules = dropRules;
    this.sink = new ElasticsearchLogSink(settings);
    this.client = openClient(settings.url);
  }

  /** A document that is there already is the letter's: Elasticsearch does not judge conflicts. */
  async replay(listed: ListedLetter, signal: AbortSignal): Promise<ReplayOutcome> {
    const { batch, refusal } = replayedBatch(listed, this.dropRules);
    if (!batch) return refusal;
    const outcome = await this.store(batch, signal);
    if (outcome.is !== "already_stored" || listed.letter.id === "") return outcome;
    return (await this.hasRecord(batch, signal)) ? outcome : NO_RECORD;
  }

  /** Frees connections. */
  async close(): Promise<void> {
    await Promise.all([this.sink.close(), this.client.close()]);
  }

  /** Once, by the first letter: an index that a replay makes must not lack the template. */
  private async prepare(): Promise<void> {
    if (this.isPrepared) return;
    await this.sink.prepare();
    this.isPrepared = true;
  }

  /** What is refused needs no letter: the one that is replayed stays open. */
  private async store(batch: LoggedBatch, signal: AbortSignal): Promise<ReplayOutcome> {
    const refused: DeadLetter[] = [];
    const keep = async (letters: readonly DeadLetter[]) => void refused.push(...letters);
    await this.prepare();
    const counts = await this.sink.store([batch], { keep }, signal);
    if (refused[0]) return { is: "refused", reason: refused[0].reason, detail: detailOf(refused, batch) };
    if (counts.expired > 0) return { is: "expired" };
    return { is: counts.stored + counts.dropped > 0 ? "stored" : "already_stored" };
  }

  /** False where a rejected seq stands in the record's place. */
  private async hasRecord(
    { tenant, producer, producerDay, firstSeq }: LoggedBatch,
    signal: AbortSignal,
  ): Promise<boolean> {
    const id = encodeURIComponent(documentId(tenant, producer, firstSeq));
    const path = `/${indexName(this.prefix, producerDay)}/_doc/${id}`;
    try {
      const query = { _source_includes: "settled" };
      const answer = await send(this.client, { method: "GET", path, query }, STORE_QUERY_MS_MAX, signal);
      const { found, _source } = (answer ?? {}) as { found?: boolean; _source?: { settled?: string } };
      if (!found) throw new LogPulseError("store_unavailable", "Elasticsearch was asked for a document and gave none");
      return _source?.settled === undefined;
    } catch (reason) {
      throw toStoreError(reason, signal);
    }
  }
}

/** Of a whole message it says which record was refused. */
function detailOf(refused: readonly DeadLetter[], { recordCount }: LoggedBatch): string {
  const { id, detail } = refused[0]!;
  if (recordCount === 1) return detail;
  return `${refused.length} of ${recordCount} records of the message, the first of them ${id}: ${detail}`;
}

const NO_RECORD: ReplayOutcome = {
  is: "refused",
  reason: "settled",
  detail: "ingest rejected the seq: no record is stored under it",
};
