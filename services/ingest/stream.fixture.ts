import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type StreamResponse, StreamResponseSchema } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import { LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { NoLimiter } from "../adapters/memory/no-limiter.ts";
import { LogPulseError } from "../domain/errors.ts";
import { makeUuidV7 } from "../domain/identity.ts";
import { APPEND_PAUSE_MS } from "../domain/limits.ts";
import type { EventLog } from "../ports/event-log.ts";
import { ManualClock } from "../ports/manual-clock.ts";
import type { RateLimiter } from "../ports/rate-limiter.ts";
import type { CallContext } from "../ports/service-handlers.ts";
import { BatchAcceptor } from "./accept-batch.ts";
import { IngestCounts } from "./ingest-counts.ts";
import { stream } from "./stream.ts";
import { UnreadRejects } from "./unread-rejects.ts";

export const NOW_MS = Date.UTC(2026, 10, 21, 13);

/** Lets everything happen that can happen without the test doing something. */
export const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A log whose appends wait until the test ends them, with success or with an error. */
export class SteppedEventLog implements EventLog {
  readonly partitions: number;
  /** What is under way, oldest first. */
  readonly underWay: { partition: number; batches: readonly Uint8Array[]; end: (error?: Error) => void }[] = [];
  /** Every batch that was kept, in the order of its append. */
  readonly kept: { partition: number; batch: Uint8Array }[] = [];

  constructor(partitions = 1) {
    this.partitions = partitions;
  }

  append(partition: number, batches: readonly Uint8Array[]): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const append = {
      partition,
      batches,
      end: (error?: Error) => {
        this.underWay.splice(this.underWay.indexOf(append), 1);
        if (error) return reject(error);
        for (const batch of batches) this.kept.push({ partition, batch });
        resolve();
      },
    };
    this.underWay.push(append);
    return promise;
  }

  async check(): Promise<void> {}
  async close(): Promise<void> {}
}

/** What a test changes of the process that serves its streams. */
interface Settings {
  partitions?: number;
  limiter?: (clock: ManualClock) => RateLimiter;
  unreadRejectsMax?: number;
  unreadRejectsPerClientMax?: number;
}

/** An ingest process over a stepped log, on which streams are opened. */
export function ingestProcess(settings: Settings = {}) {
  const { partitions, limiter, unreadRejectsMax, unreadRejectsPerClientMax } = settings;
  const clock = new ManualClock(NOW_MS);
  const log = new SteppedEventLog(partitions);
  const counts = new IngestCounts();
  let drawn = 0;
  const acceptor = new BatchAcceptor({
    log,
    limiter: limiter?.(clock) ?? new NoLimiter(),
    clock,
    randomBytes: (count) => Uint8Array.from({ length: count }, () => (drawn = (drawn * 31 + 17) % 251)),
    counts,
    producerAgeDaysMax: 27,
  });
  const stopping = new AbortController();
  const parts = { acceptor, unreadRejects: new UnreadRejects(unreadRejectsMax, unreadRejectsPerClientMax) };
  const open = (reads = true, address?: string) => {
    const client = new TestClient(stopping.signal, reads, address);
    client.ended = stream(parts, { batches: client, send: client.take, context: client.context });
    client.ended.catch(() => {}); // The test looks at it when it wants to.
    return client;
  };
  /** Ends each append, until nothing is queued. */
  const appendsEnd = async (error?: Error) => {
    while (counts.queues.batches > 0) {
      log.underWay[0]?.end(error);
      if (log.underWay.length === 0) await clock.pass(APPEND_PAUSE_MS); // Or the next append waits for more.
      await turn();
    }
  };
  const stop = () => stopping.abort(new LogPulseError("overloaded", "the process is stopping"));
  return { acceptor, clock, log, counts, open, appendsEnd, stop };
}

/** The client's end of one stream, with the transport between: what the runtime promises, without a network. */
export class TestClient implements AsyncIterableIterator<Uint8Array> {
  /** Everything that was told, as the client decodes it. */
  readonly answers: StreamResponse[] = [];
  /** How many batches were read. */
  read = 0;
  ended!: Promise<void>;
  readonly context: CallContext;
  private readonly hungUp = new AbortController();
  private readonly sent: Uint8Array[] = [];
  private over = false;
  private wake = () => {};
  private reads: boolean;
  private untaken: { resolve: () => void; reject: (reason: unknown) => void } | undefined;

  /** `reads`: false for a client that takes no answer until `takeOne` or `takeAll`. */
  constructor(stopping: AbortSignal, reads: boolean, client = "10.0.0.1") {
    this.reads = reads;
    this.context = { tenant: "default", client, signal: this.hungUp.signal, stopping };
    stopping.addEventListener("abort", () => this.halfClose());
    if (stopping.aborted) this.halfClose();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    for (;;) {
      this.context.signal.throwIfAborted();
      const bytes = this.context.stopping.aborted ? undefined : this.sent.shift();
      if (bytes !== undefined) {
        this.read += 1;
        return { done: false, value: bytes };
      }
      if (this.over) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  /** Sends batches. */
  async send(...batches: Uint8Array[]): Promise<void> {
    this.sent.push(...batches);
    this.wake();
    await turn();
  }

  halfClose(): void {
    this.over = true;
    this.wake();
  }

  hangUp(): void {
    const reason = new LogPulseError("cancelled", "the client hung up");
    this.hungUp.abort(reason);
    this.untaken?.reject(reason);
    this.wake();
  }

  /** The transport: takes an answer now, or when the client does. */
  readonly take = async (answer: MessageInitShape<typeof StreamResponseSchema>): Promise<void> => {
    this.context.signal.throwIfAborted();
    if (this.untaken !== undefined) throw new Error("two answers are under way");
    this.answers.push(create(StreamResponseSchema, answer));
    if (this.reads) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.untaken = { resolve, reject };
    await promise.finally(() => {
      this.untaken = undefined;
    });
  };

  /** Takes the answer that is under way. */
  async takeOne(): Promise<void> {
    this.untaken?.resolve();
    await turn();
  }

  /** Takes it, and all later ones at once. */
  async takeAll(): Promise<void> {
    this.reads = true;
    await this.takeOne();
  }

  /** How many batches the client knows to be settled. */
  get settled(): number {
    return Number(this.answers.at(-1)?.settledBatches ?? 0n);
  }

  /** All that was told of one kind. */
  all<K extends "acked" | "rejects" | "refused">(what: K): StreamResponse[K] {
    return this.answers.flatMap((answer) => answer[what] as unknown[]) as StreamResponse[K];
  }
}

/** Producer ids that differ. */
export function producer(number: number): Uint8Array<ArrayBuffer> {
  return makeUuidV7(NOW_MS, new Uint8Array(10).fill(number));
}

/** An encoded batch of that many records; those at `bad` will be rejected. */
export function batchOf(
  records: number,
  { firstSeq = 0, producerId = producer(1) as Uint8Array, bad = [] as number[], messageBytes = 1 } = {},
): Uint8Array {
  const isBad = new Set(bad);
  const record = (index: number) => (isBad.has(index) ? { traceId: "none" } : { message: "m".repeat(messageBytes) });
  return toBinary(
    LogBatchSchema,
    create(LogBatchSchema, {
      producerId: Uint8Array.from(producerId),
      firstSeq: BigInt(firstSeq),
      records: Array.from({ length: records }, (_, index) => create(LogRecordSchema, record(index))),
    }),
  );
}
