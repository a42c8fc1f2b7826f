import { type StatusObject, status } from "@grpc/grpc-js";
import { BatchSender } from "../../clients/stream-batches.ts";
import type { RefusedBatch } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import type { Reject } from "../../gen/logpulse/v1/log_batch_pb.ts";
import { CommandFailure, EXIT, type ExitCode } from "../exit-code.ts";
import { DeliveryTrouble } from "./delivery-trouble.ts";
import type { SendTotals } from "./send-totals.ts";
import type { SourceBatch } from "./source-batches.ts";

/** How batches are delivered. */
export interface DeliverySettings {
  /** host:port. */
  address: string;
  /** How long the server may be away before its first answer, and later; undefined: as long as it likes. */
  firstAnswerMsMax: number | undefined;
  silentMsMax: number | undefined;
}

/** What a delivery tells while it goes on. */
export interface DeliveryEvents {
  /** To people. */
  say: (text: string) => void;
  /** The batch is kept, or refused for ever: it need not be sent again. */
  onSettled?: (batch: SourceBatch) => void;
}

const LOOK_EVERY_MS = 100;

/**
 * Sends batches and counts what becomes of their lines. A server that is away is waited for, which people are told; for how
 * long is in the settings.
 */
export class Delivery {
  private readonly settings: DeliverySettings;
  private readonly totals: SendTotals;
  private readonly events: DeliveryEvents;
  private readonly sender: BatchSender;
  private readonly trouble: DeliveryTrouble;
  private readonly batches = new Map<Uint8Array, SourceBatch>(); // Handed over, by their bytes.
  private readonly watch: NodeJS.Timeout;
  private waitsSinceMs = performance.now(); // For an answer; of no meaning while nothing is handed over.
  private hasAnswered = false;
  private failure: CommandFailure | undefined;

  constructor(settings: DeliverySettings, totals: SendTotals, events: DeliveryEvents) {
    this.settings = settings;
    this.totals = totals;
    this.events = events;
    this.trouble = new DeliveryTrouble(settings.address, events.say);
    this.sender = new BatchSender(settings.address, {
      onKept: (batch, rejects) => this.keep(batch, rejects),
      onRefused: (batch, refused) => this.refuse(batch, refused),
      onBroken: (ended, waitMs) => this.onBroken(ended, waitMs),
      onWait: (waitMs, refused) => (refused ? this.onRefusal(waitMs, refused) : this.onLimit(waitMs)),
    });
    this.watch = setInterval(() => this.look(), LOOK_EVERY_MS);
  }

  /** Whether anything is on its way. */
  get isIdle(): boolean {
    return this.batches.size === 0;
  }

  /**
   * Resolves when there is room for more: the batch is on its way.
   *
   * @throws CommandFailure where it is no use to go on: the server was away too long, or will not have what we send.
   */
  async send(batch: SourceBatch): Promise<void> {
    if (this.batches.size === 0) this.waitsSinceMs = performance.now();
    this.batches.set(batch.bytes, batch);
    this.totals.waitingLines += linesOf(batch);
    await this.orFailure(this.sender.send(batch.bytes));
  }

  /** Resolves when every batch is settled. @throws as `send`. */
  async close(): Promise<void> {
    try {
      await this.orFailure(this.sender.close());
    } finally {
      clearInterval(this.watch);
    }
  }

  /** Gives up what is on its way, which may be kept or not: every `send` and `close` throws that at once. */
  giveUp(failure: CommandFailure): void {
    this.failure ??= failure;
    clearInterval(this.watch);
    this.sender.abandon(failure);
  }

  private async orFailure(sending: Promise<void>): Promise<void> {
    try {
      await sending;
    } catch (reason) {
      throw this.failure ?? finalFailure(this.settings.address, reason);
    }
  }

  private keep(bytes: Uint8Array, rejects: readonly Reject[]): void {
    const batch = this.settle(bytes);
    const rejected = new Map(rejects.map((reject) => [reject.index, reject]));
    batch.records.forEach((record, index) => {
      const reject = rejected.get(index);
      if (reject) this.totals.reject(batch.source, record, reject);
      else this.totals.keep(batch.source, record, record.keptAsText);
    });
    this.events.onSettled?.(batch);
  }

  private refuse(bytes: Uint8Array, { reason, message }: RefusedBatch): void {
    if (reason === "PRODUCER_EXPIRED") return this.giveUp(producerFailure(message)); // So would be all others.
    const batch = this.settle(bytes);
    for (const record of batch.records) this.totals.reject(batch.source, record, { field: "batch", reason: message });
    this.events.onSettled?.(batch);
  }

  private settle(bytes: Uint8Array): SourceBatch {
    const batch = this.batches.get(bytes)!;
    this.batches.delete(bytes);
    this.totals.waitingLines -= linesOf(batch);
    this.hasAnswered = true;
    this.waitsSinceMs = performance.now();
    this.trouble.end();
    return batch;
  }

  private onBroken(ended: StatusObject, waitMs: number): void {
    if (this.failure === undefined && this.batches.size > 0) this.trouble.tell(ended, waitMs);
  }

  /** It is there; but nothing is kept, so it is as silent as before. */
  private onRefusal(waitMs: number, refused: RefusedBatch): void {
    this.hasAnswered = true;
    this.trouble.tellRefusal(refused, waitMs);
  }

  /** It is there, and has said when it will go on: that wait is no silence. */
  private onLimit(waitMs: number): void {
    this.hasAnswered = true;
    this.waitsSinceMs = Math.max(this.waitsSinceMs, performance.now() + waitMs);
    this.trouble.tellLimit(waitMs);
  }

  private look(): void {
    const { firstAnswerMsMax, silentMsMax } = this.settings;
    const msMax = this.hasAnswered ? silentMsMax : firstAnswerMsMax;
    const waitedMs = performance.now() - this.waitsSinceMs;
    if (this.batches.size === 0 || msMax === undefined || waitedMs <= msMax) return;
    this.giveUp(this.trouble.failure(waitedMs));
  }
}

function linesOf({ records }: SourceBatch): number {
  return records.reduce((sum, { lines }) => sum + lines, 0);
}

const EXIT_OF: Partial<Record<status, ExitCode>> = {
  [status.PERMISSION_DENIED]: EXIT.notAllowed,
  [status.UNAUTHENTICATED]: EXIT.notAllowed,
  [status.UNIMPLEMENTED]: EXIT.unreachable,
};

function finalFailure(address: string, reason: unknown): unknown {
  if (!(reason instanceof Error) || !("code" in reason)) return reason;
  const { code, details } = reason as Error & StatusObject;
  const text = code === status.UNIMPLEMENTED ? `${address} takes no records: ${details}` : `${address}: ${details}`;
  return new CommandFailure(EXIT_OF[code] ?? EXIT.failed, text);
}

function producerFailure(message: string): CommandFailure {
  return new CommandFailure(
    EXIT.incomplete,
    `the server does not take this producer: ${message}`,
    "Without --producer a new one is drawn by this machine's clock, which has to be right to within ten minutes.",
  );
}
