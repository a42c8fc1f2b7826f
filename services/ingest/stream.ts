import type { StreamResponseSchema } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { Bell } from "../domain/bell.ts";
import { LogPulseError } from "../domain/errors.ts";
import type { CallContext, Send } from "../ports/service-handlers.ts";
import type { AcceptedBatch, BatchAcceptor } from "./accept-batch.ts";
import { BatchWindow } from "./batch-window.ts";
import { durationMessage } from "./duration-message.ts";
import { senderOf } from "./sender-limit.ts";
import { type KeptBatch, type RefusedBatch, StreamOutcomes } from "./stream-outcomes.ts";
import type { UnreadRejects } from "./unread-rejects.ts";
import type { WalkedBatch } from "./walk-batch.ts";

/** What all streams of a process share. */
export interface StreamParts {
  acceptor: BatchAcceptor;
  unreadRejects: UnreadRejects;
}

/** One `Stream`: the client's batches, the way to answer it, and its call. */
export interface StreamCall {
  batches: AsyncIterable<Uint8Array>;
  send: Send<typeof StreamResponseSchema>;
  context: CallContext;
}

/** What is held of a batch until its outcome is told. */
interface Held {
  bytes: number;
  rejects: number;
}

/** A batch's identity as its client sent it. */
type SentIdentity = Pick<RefusedBatch, "producerId" | "firstSeq">;

const UNREADABLE: SentIdentity = { producerId: new Uint8Array(), firstSeq: 0 };

/**
 * Takes batches for as long as the client likes, and tells of each what became of it. Resolves when the client has sent
 * its last one and knows the outcome of all.
 *
 * Reading and telling go on side by side. Each answer says what has become known since the one before, and one is under
 * way at a time. A batch leaves the window when its outcome is told: a client that does not read is not read either.
 *
 * @throws LogPulseError the reason of `context.stopping`, or `overloaded` where no memory is left to wait for the
 * limit: when all is told that was in flight. The reason of `context.signal`, or a fault of ours: at once, except that
 * appends in flight are waited for.
 */
export async function stream(parts: StreamParts, call: StreamCall): Promise<void> {
  await new OpenStream(parts, call).run();
}

class OpenStream {
  private readonly parts: StreamParts;
  private readonly call: StreamCall;
  private readonly sender: string;
  private readonly window = new BatchWindow();
  private readonly outcomes = new StreamOutcomes();
  private readonly held = new Map<number, Held>(); // By the batch's place in the stream.
  private readonly appends = new Set<Promise<unknown>>();
  private readonly noMore = new AbortController(); // No further batch is to be taken; its reason says why.
  private readonly news = new Bell();
  private readonly room = new Bell();
  private batchCount = 0;
  private isReading = true;
  private waitMs: number | undefined; // To be told.
  private creditRecords: number | undefined;
  private fault: { reason: unknown } | undefined;
  private lastWord: unknown;

  constructor(parts: StreamParts, call: StreamCall) {
    this.parts = parts;
    this.call = call;
    this.sender = senderOf(call.context);
  }

  async run(): Promise<void> {
    const { signal, stopping } = this.call.context;
    const onAbort = () => this.takeNoMore((signal.aborted ? signal : stopping).reason);
    for (const either of [signal, stopping]) {
      either.addEventListener("abort", onAbort);
      if (either.aborted) onAbort();
    }
    try {
      await Promise.all([this.read(), this.tell()]);
    } finally {
      for (const either of [signal, stopping]) either.removeEventListener("abort", onAbort); // `stopping` outlives us.
      await Promise.all(this.appends);
      for (const batch of this.held.keys()) this.release(batch);
    }
    if (this.lastWord !== undefined) throw this.lastWord;
  }

  private async read(): Promise<void> {
    const { batches, context } = this.call;
    const iterator = batches[Symbol.asyncIterator]();
    try {
      while (await this.takeNext(iterator)) await this.untilRoom();
      if (context.stopping.aborted) this.lastWord = context.stopping.reason; // The client may have had more to say.
    } catch (reason) {
      const isOver = context.signal.aborted || this.fault !== undefined;
      if (isOver || reason !== this.noMore.signal.reason) throw reason;
      this.lastWord = reason;
    } finally {
      this.isReading = false;
      this.news.ring();
    }
  }

  private async untilRoom(): Promise<void> {
    while (!this.window.hasRoom && !this.noMore.signal.aborted) await this.room.heard();
    this.noMore.signal.throwIfAborted();
  }

  /** False behind the last one. By itself, so that nothing holds the message once it has been taken. */
  private async takeNext(iterator: AsyncIterator<Uint8Array>): Promise<boolean> {
    const next = await iterator.next();
    if (next.done) return false;
    this.noMore.signal.throwIfAborted();
    await this.take(next.value);
    return true;
  }

  /** Takes one batch; that it is refused is an outcome like others. @throws what ends the stream. */
  private async take(bytes: Uint8Array): Promise<void> {
    const { acceptor } = this.parts;
    const batch = this.batchCount++;
    const held: Held = { bytes: bytes.length, rejects: 0 };
    this.window.add(bytes.length);
    this.held.set(batch, held);
    let sent = UNREADABLE;
    try {
      const walked = acceptor.walk(bytes);
      sent = { producerId: Uint8Array.from(walked.producerId), firstSeq: walked.firstSeq };
      const accepted = await acceptor.pass(walked, this.call.context, () => this.admit(walked, held));
      this.follow(batch, accepted, sent);
    } catch (reason) {
      if (!this.isRefusal(reason)) {
        this.release(batch); // It has no outcome.
        throw reason;
      }
      this.settle({ batch, ...sent, reason });
    }
  }

  /**
   * Sees to it that what will have to be told has room, then waits for the sender's limit: a batch that is refused for
   * its rejects costs its sender nothing.
   */
  private async admit(walked: WalkedBatch, held: Held): Promise<void> {
    const { acceptor, unreadRejects } = this.parts;
    const onWait = (ms: number) => {
      this.waitMs = ms;
      this.creditRecords = 0;
      this.news.ring();
    };
    const rejects = walked.rejects.length;
    unreadRejects.add(this.sender, rejects);
    held.rejects = rejects;
    try {
      this.creditRecords = await acceptor.limit.orWait(walked, this.call.context, this.noMore.signal, onWait);
    } catch (reason) {
      held.rejects = 0;
      unreadRejects.remove(this.sender, rejects); // Nothing is told of a batch that did not pass.
      this.takeNoMore(reason); // The limit never refuses a batch.
      throw reason;
    }
    this.waitMs = undefined; // It is over, told or not.
  }

  /** Notes the outcome of a batch that is on its way. Not where `walked` is in sight: that holds the whole message. */
  private follow(batch: number, accepted: AcceptedBatch, sent: SentIdentity): void {
    const { producerId, firstSeq, recordCount, rejects } = accepted;
    const append = accepted.kept.then(
      () => this.settle({ batch, producerId, firstSeq, recordCount, rejects }),
      (reason: unknown) => (this.isRefusal(reason) ? this.settle({ batch, ...sent, reason }) : this.fail(reason)),
    );
    this.appends.add(append);
    void append.then(() => this.appends.delete(append));
  }

  private isRefusal(reason: unknown): reason is LogPulseError {
    return reason instanceof LogPulseError && reason.kind !== "bug" && reason !== this.noMore.signal.reason;
  }

  private settle(outcome: KeptBatch | RefusedBatch): void {
    this.outcomes.add(outcome);
    this.news.ring();
  }

  private fail(reason: unknown): void {
    this.fault ??= { reason };
    this.takeNoMore(reason);
    this.news.ring();
  }

  private takeNoMore(reason: unknown): void {
    this.noMore.abort(reason);
    this.room.ring();
  }

  private async tell(): Promise<void> {
    for (;;) {
      if (this.fault !== undefined) throw this.fault.reason;
      if (!this.outcomes.areTold || this.waitMs !== undefined) await this.answer();
      else if (!this.isReading && this.held.size === 0) return;
      else await this.news.heard();
    }
  }

  private async answer(): Promise<void> {
    const { answer, settled } = this.outcomes.takeAnswer();
    const creditRecords = this.creditRecords === undefined ? undefined : BigInt(this.creditRecords);
    const wait = this.waitMs === undefined ? undefined : durationMessage(this.waitMs);
    this.waitMs = undefined;
    await this.call.send({ ...answer, creditRecords, wait });
    for (const batch of settled) this.release(batch);
    this.room.ring();
  }

  private release(batch: number): void {
    const held = this.held.get(batch);
    if (held === undefined) return; // The stream had ended before its last answer was taken.
    this.held.delete(batch);
    this.window.remove(held.bytes);
    this.parts.unreadRejects.remove(this.sender, held.rejects);
  }
}
