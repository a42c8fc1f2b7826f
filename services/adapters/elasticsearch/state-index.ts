import type { Client } from "@elastic/elasticsearch";
import { LogPulseError } from "../../domain/errors.ts";
import { STORE_CHECK_MS_MAX, STORE_WRITE_MS_MAX } from "../../domain/limits.ts";
import { type ElasticsearchRequest, send } from "./connection.ts";
import { isBlocked, isConflict, isNotFound, isThereAlready, toStoreError } from "./errors.ts";

const DOCUMENT = "retention";

/** What the state index says, and the version that a change must name. */
interface State {
  firstDay: number;
  version: { if_seq_no: string; if_primary_term: string };
}

/**
 * A small index beside the daily ones, `<prefix>-state`, with one document: the first producer day that is kept. It is
 * read by its id, which sees every change at once. Hidden, so that patterns like `<prefix>-*` do not find it.
 */
export class StateIndex {
  private readonly client: Client;
  private readonly name: string;
  private readonly replicas: number;

  constructor(client: Client, { indexPrefix, replicas }: { indexPrefix: string; replicas: number }) {
    this.client = client;
    this.name = `${indexPrefix}-state`;
    this.replicas = replicas;
  }

  /** Creates the index where it is not there. Several may do so at once. @throws LogPulseError `store_unavailable`. */
  async create(signal: AbortSignal): Promise<void> {
    await this.inOurWords(this.createRaw(signal), signal);
  }

  /**
   * The first day, in days since 1970; before all days where none was set yet.
   *
   * @throws LogPulseError `store_unavailable`, within STORE_CHECK_MS_MAX.
   */
  async firstDay(signal: AbortSignal): Promise<number> {
    const state = await this.inOurWords(this.read(signal), signal);
    return state?.firstDay ?? Number.NEGATIVE_INFINITY;
  }

  /**
   * Moves the first day forward to `day`, whoever else moves it at the same time; one that is later stays. Resolves with
   * the one that holds.
   *
   * A full disk makes Elasticsearch block every index, this one too, and then retention is what frees the disk: the block
   * is taken from this index for the few bytes to be written.
   *
   * @throws LogPulseError `store_unavailable`.
   */
  async moveFirstDay(day: number, signal: AbortSignal): Promise<number> {
    const moved = this.move(day, signal).catch(async (reason: unknown) => {
      if (!isBlocked(reason)) throw reason;
      await this.unblock(signal);
      return this.move(day, signal);
    });
    return this.inOurWords(moved, signal);
  }

  private async createRaw(signal: AbortSignal): Promise<void> {
    const settings = { number_of_shards: 1, number_of_replicas: this.replicas, "index.hidden": true };
    const mappings = { dynamic: false, properties: { first_day: { type: "integer" } } };
    try {
      await this.send({ method: "PUT", path: `/${this.name}`, body: { settings, mappings } }, signal);
    } catch (reason) {
      if (!isThereAlready(reason)) throw reason;
    }
  }

  private async unblock(signal: AbortSignal): Promise<void> {
    const body = { "index.blocks.read_only_allow_delete": null };
    await this.send({ method: "PUT", path: `/${this.name}/_settings`, body }, signal);
  }

  /** No endless loop: whoever was faster has moved the day forward. */
  private async move(day: number, signal: AbortSignal): Promise<number> {
    for (;;) {
      const state = await this.read(signal);
      if (state && state.firstDay >= day) return state.firstDay;
      if (!state) await this.createRaw(signal);
      if (await this.write(day, state, signal)) return day;
    }
  }

  private async read(signal: AbortSignal): Promise<State | undefined> {
    const request = { method: "GET", path: `/${this.name}/_doc/${DOCUMENT}` } as const;
    try {
      return stateOf(await this.send(request, signal, STORE_CHECK_MS_MAX));
    } catch (reason) {
      if (isNotFound(reason)) return undefined;
      throw reason;
    }
  }

  /** False where the state is no longer the one that was read. */
  private async write(day: number, state: State | undefined, signal: AbortSignal): Promise<boolean> {
    const path = `/${this.name}/${state ? "_doc" : "_create"}/${DOCUMENT}`;
    try {
      await this.send({ method: "PUT", path, query: state?.version, body: { first_day: day } }, signal);
      return true;
    } catch (reason) {
      if (isConflict(reason)) return false;
      throw reason;
    }
  }

  private async inOurWords<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await work;
    } catch (reason) {
      throw toStoreError(reason, signal);
    }
  }

  private send(request: ElasticsearchRequest, signal: AbortSignal, msMax = STORE_WRITE_MS_MAX): Promise<unknown> {
    return send(this.client, request, msMax, signal);
  }
}

/** @throws LogPulseError `store_unavailable` where the answer is not the document: nothing is known then. */
function stateOf(answer: unknown): State {
  const { _source, _seq_no, _primary_term } = (answer ?? {}) as Record<string, unknown>;
  const firstDay = (_source as { first_day?: unknown } | undefined)?.first_day;
  if (typeof firstDay !== "number" || !Number.isInteger(firstDay)) {
    throw new LogPulseError("store_unavailable", "Elasticsearch was asked for the first day and gave none");
  }
  return { firstDay, version: { if_seq_no: String(_seq_no), if_primary_term: String(_primary_term) } };
}
