import { fromBinary } from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";
import { Client, type ClientDuplexStream, credentials, Metadata, type StatusObject, status } from "@grpc/grpc-js";
import { type RefusedBatch, type StreamResponse, StreamResponseSchema } from "../gen/logpulse/v1/ingest_service_pb.ts";
import type { Reject } from "../gen/logpulse/v1/log_batch_pb.ts";
import { fullJitterMs } from "../services/domain/full-jitter.ts";
import {
  BATCH_BYTES_MAX,
  UPLOAD_BATCHES_IN_FLIGHT_MAX,
  UPLOAD_BYTES_IN_FLIGHT_MAX,
} from "../services/domain/limits.ts";
import { countRecords } from "./count-records.ts";
import { StreamCredit } from "./stream-credit.ts";

/** What becomes of the batches, as it becomes known. Each batch ends in `onKept` or `onRefused`, once. */
export interface BatchSenderEvents {
  /** The server keeps it. `rejects`: its records that were rejected for ever. */
  onKept?: (batch: Uint8Array, rejects: readonly Reject[]) => void;
  /** Refused for ever: sending it again would not help. */
  onRefused?: (batch: Uint8Array, refused: RefusedBatch) => void;
  /**
   * A stream broke, or was ended for its silence. The sender goes on with a new one when it has something to send, and not
   * before `waitMs` are over.
   */
  onBroken?: (status: StatusObject, waitMs: number) => void;
  /** The server lets nothing more in for so long: the sender's share is used up, or it has refused a batch for now. */
  onWait?: (waitMs: number, refused?: RefusedBatch) => void;
}

/** A batch that is not settled. */
interface Unsettled {
  batch: Uint8Array;
  records: number;
  /** Its place among all that were given to `send`: what is sent again goes in that order. */
  place: number;
  rejects: Reject[];
  /** How often it was refused, though it may be sent again. */
  refusals: number;
}

/** A `send` that waits for room. */
interface Arrival {
  unsettled: Unsettled;
  enter: () => void;
  fail: (reason: Error) => void;
}

type Call = ClientDuplexStream<Uint8Array, StreamResponse>;

const PATH = "/logpulse.v1.IngestService/Stream";
const CHANNEL = {
  "grpc.enable_retries": 0, // It would keep a second copy of everything: what is not settled, is kept here.
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1_000, // The waits are ours.
  "grpc.keepalive_time_ms": 30_000, // A connection that died without a word is noticed.
  "grpc.keepalive_timeout_ms": 10_000,
};
const TIMER_MS_MAX = 2 ** 31 - 1; // A longer one would fire at once.
/** A new stream would end in the same way. */
const FINAL: readonly status[] = [
  status.INVALID_ARGUMENT,
  status.UNIMPLEMENTED,
  status.PERMISSION_DENIED,
  status.UNAUTHENTICATED,
];

/**
 * Sends encoded batches by IngestService.Stream for as long as you like, and goes on by itself when a stream breaks:
 * whatever was not settled is sent again on a new one. Batches must declare their identities (producer_id, first_seq),
 * which makes that harmless; without, what was on its way is stored twice.
 *
 * It keeps to the waits that the server tells, and to its credit: while that is smaller than what is on its way, batches go
 * one after the other, so that the server need not hold those of a sender that is over its share.
 *
 * In memory are at most 32 batches and 8 MiB that are not settled; `send` waits for room.
 */
export class BatchSender {
  private readonly client: Client;
  private readonly events: BatchSenderEvents;
  private readonly arrivals: Arrival[] = []; // In the order of their calls; whoever is behind one that waits, waits too.
  private readonly waiting: Unsettled[] = []; // To be sent, in order.
  private readonly onStream = new Map<number, Unsettled>(); // Sent on this stream, by their place in it.
  private readonly changed = new Set<() => void>();
  private call: Call | undefined;
  private nextPlace = 0;
  private sentOnStream = 0;
  private settledOnStream = 0;
  private unsettledBytes = 0;
  private readonly credit = new StreamCredit();
  private failures = 0; // Streams in a row that settled nothing.
  private pausedUntilMs = 0;
  private pauseTimer: NodeJS.Timeout | undefined;
  private isClosing = false;
  private failure: Error | undefined;

  /** `address`: host:port of Envoy or of an ingest process. Nothing is sent before the first `send`. */
  constructor(address: string, events: BatchSenderEvents = {}) {
    this.client = new Client(address, credentials.createInsecure(), CHANNEL);
    this.events = events;
  }

  /**
   * Resolves when the batch has its place among those on their way: the sender has it now, and settles it.
   *
   * @throws Error where the batch is larger than a server takes; with `code` and `metadata` of grpc-js, where the server
   * will have no stream at all.
   */
  async send(batch: Uint8Array): Promise<void> {
    if (this.isClosing) throw new Error("the sender is closed");
    if (batch.length > BATCH_BYTES_MAX) {
      throw new Error(`the batch has ${batch.length} bytes; it may have ${BATCH_BYTES_MAX}`);
    }
    if (this.failure !== undefined) throw this.failure;
    const { promise, resolve: enter, reject: fail } = Promise.withResolvers<void>();
    const unsettled = { batch, records: countRecords(batch), place: this.nextPlace++, rejects: [], refusals: 0 };
    this.arrivals.push({ unsettled, enter, fail });
    this.letIn();
    this.pump();
    await promise;
  }

  /**
   * Resolves when every batch is settled, those included whose `send` still waits for room, however long that takes.
   *
   * @throws as `send`.
   */
  async close(): Promise<void> {
    this.isClosing = true;
    try {
      while (this.arrivals.length + this.unsettled > 0 || this.call !== undefined) {
        await this.until(() => this.arrivals.length + this.unsettled === 0);
        this.call?.end();
        await this.until(() => this.call === undefined);
      }
    } finally {
      clearTimeout(this.pauseTimer);
      this.client.close();
    }
  }

  /**
   * Ends at once. What is not settled is told as nothing: it may be kept or not. Every `send` and `close` that waits, or
   * comes later, throws `reason`.
   */
  abandon(reason: Error): void {
    this.failure ??= reason;
    clearTimeout(this.pauseTimer);
    this.call?.cancel();
    this.announceChange();
  }

  private get unsettled(): number {
    return this.waiting.length + this.onStream.size;
  }

  private hasRoomFor(bytes: number): boolean {
    if (this.unsettled === 0) return true;
    const fits = this.unsettledBytes + bytes <= UPLOAD_BYTES_IN_FLIGHT_MAX;
    return fits && this.unsettled < UPLOAD_BATCHES_IN_FLIGHT_MAX;
  }

  /** Gives room to those who wait for it, as far as there is any, in the same step in which it is found. */
  private letIn(): void {
    for (let next = this.arrivals[0]; next !== undefined; next = this.arrivals[0]) {
      const { unsettled, enter, fail } = next;
      if (this.failure !== undefined) fail(this.failure);
      else if (!this.hasRoomFor(unsettled.batch.length)) return;
      else {
        this.unsettledBytes += unsettled.batch.length;
        this.waiting.push(unsettled);
        enter();
      }
      this.arrivals.shift();
    }
  }

  /** Resolves when that holds, looking whenever something was settled. */
  private async until(holds: () => boolean): Promise<void> {
    for (;;) {
      if (this.failure !== undefined) throw this.failure;
      if (holds()) return;
      await new Promise<void>((resolve) => this.changed.add(resolve));
    }
  }

  private announceChange(): void {
    this.letIn();
    for (const wake of this.changed) wake();
    this.changed.clear();
  }

  /** Sends what waits, as far as the credit goes, unless a pause is on; a new stream is opened where it needs one. */
  private pump(): void {
    if (this.waiting.length === 0 || this.failure !== undefined) return;
    const pauseMs = this.pausedUntilMs - performance.now();
    if (pauseMs > 0) {
      clearTimeout(this.pauseTimer);
      this.pauseTimer = setTimeout(() => this.pump(), Math.min(pauseMs, TIMER_MS_MAX));
      return;
    }
    this.call ??= this.open();
    const held = this.waiting.findIndex((next) => {
      if (!this.credit.allows(next.records)) return true;
      this.onStream.set(this.sentOnStream++, next);
      this.credit.add(next.records);
      this.call!.write(next.batch);
      return false;
    });
    this.waiting.splice(0, held < 0 ? this.waiting.length : held);
  }

  private pause(ms: number): void {
    this.pausedUntilMs = Math.max(this.pausedUntilMs, performance.now() + ms);
  }

  private open(): Call {
    this.sentOnStream = 0;
    this.settledOnStream = 0;
    this.credit.reset();
    const call: Call = this.client.makeBidiStreamRequest(
      PATH,
      (batch: Uint8Array) => Buffer.from(batch.buffer, batch.byteOffset, batch.byteLength),
      (bytes: Buffer) => fromBinary(StreamResponseSchema, bytes),
      new Metadata(),
    );
    call.on("data", (answer: StreamResponse) => this.onAnswer(answer));
    call.on("error", () => {}); // The status says it too.
    // After the last answer, which may be told a moment later.
    call.on("status", (ended: StatusObject) => setImmediate(() => this.onEnd(ended)));
    return call;
  }

  private onAnswer(answer: StreamResponse): void {
    for (const { batch, reject } of answer.rejects) this.onStream.get(Number(batch))?.rejects.push(reject!);
    this.putBack(answer.refused.flatMap((refused) => this.refuse(refused) ?? []));
    for (; this.settledOnStream < Number(answer.settledBatches); this.settledOnStream++)
      this.keep(this.settledOnStream);
    this.credit.tell(answer.creditRecords);
    if (answer.wait !== undefined) {
      const waitMs = millisecondsOf(answer.wait);
      this.pause(waitMs);
      this.events.onWait?.(waitMs);
    }
    this.announceChange();
    this.pump();
  }

  /** Everything that is settled and was not refused is kept. */
  private keep(place: number): void {
    const unsettled = this.onStream.get(place);
    if (unsettled === undefined) return;
    this.settle(place, unsettled);
    this.events.onKept?.(unsettled.batch, unsettled.rejects);
  }

  /** Gives back what is to be sent again. */
  private refuse(refused: RefusedBatch): Unsettled | undefined {
    const place = Number(refused.batch);
    const unsettled = this.onStream.get(place);
    if (unsettled === undefined) return undefined;
    if (!refused.mayRetry) {
      this.settle(place, unsettled);
      this.events.onRefused?.(unsettled.batch, refused);
      return undefined;
    }
    this.leaveStream(place, unsettled);
    unsettled.refusals++;
    const { retryAfter } = refused;
    const waitMs = retryAfter ? millisecondsOf(retryAfter) : fullJitterMs(unsettled.refusals, Math.random());
    this.pause(waitMs);
    this.events.onWait?.(waitMs, refused);
    return unsettled;
  }

  private leaveStream(place: number, { records }: Unsettled): void {
    this.onStream.delete(place);
    this.credit.remove(records);
  }

  private settle(place: number, unsettled: Unsettled): void {
    this.leaveStream(place, unsettled);
    this.unsettledBytes -= unsettled.batch.length;
    this.failures = 0;
  }

  /** These are to be sent again, before those that came after them. */
  private putBack(again: readonly Unsettled[]): void {
    if (again.length === 0) return;
    this.waiting.push(...again);
    this.waiting.sort((one, other) => one.place - other.place);
  }

  private onEnd(ended: StatusObject): void {
    this.call = undefined;
    const again = [...this.onStream.values()];
    this.onStream.clear();
    for (const unsettled of again) unsettled.rejects = []; // They are told again.
    this.putBack(again);
    const waitMs = Math.max(retryAfterMs(ended.metadata), fullJitterMs(this.failures + 1, Math.random()));
    if (FINAL.includes(ended.code)) {
      this.failure ??= Object.assign(new Error(`${status[ended.code]}: ${ended.details}`), ended);
    } else if (this.unsettled > 0) {
      this.failures++;
      this.pause(waitMs);
    }
    if (ended.code !== status.OK) this.events.onBroken?.(ended, waitMs);
    this.announceChange();
    this.pump();
  }
}

/** 0 where it is not told in seconds: proxies may write a date. */
function retryAfterMs(metadata: Metadata): number {
  const seconds = Number(metadata.get("retry-after")[0] ?? 0);
  return Number.isFinite(seconds) ? seconds * 1_000 : 0;
}

function millisecondsOf({ seconds, nanos }: Duration): number {
  return Number(seconds) * 1_000 + nanos / 1_000_000;
}
