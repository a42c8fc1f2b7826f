import { constants, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { status as Code, type Metadata, type ServerInterceptingCallInterface } from "@grpc/grpc-js";
import { LogPulseError } from "../domain/errors.ts";
import { GRPC_MESSAGE_BYTES_MAX } from "../domain/limits.ts";
import type { CallDesk } from "./call-desk.ts";
import { GRPC_DECOMPRESS } from "./decompression.ts";
import { GrpcFrames } from "./grpc-frames.ts";
import { deadlinePassed, errorOfLibrary } from "./grpc-library-errors.ts";
import type { ReceivedShare } from "./received-bytes.ts";
import { toGrpcStatus, toStatus } from "./rpc-status.ts";

/** The call as grpc-js's lowest public layer has it: one read at a time, when we ask for it. */
type WireCall = ServerInterceptingCallInterface;
type WireStatus = Parameters<WireCall["sendStatus"]>[0];
type Desk = Pick<CallDesk, "streamIdleMsMax" | "streamQuietMsMax" | "received" | "decompression">;
type Waiting<T> = { resolve: (value: T) => void; reject: (reason: unknown) => void };
type Read = IteratorResult<Uint8Array, undefined>;

/**
 * What grpc-js 1.14 keeps to itself: it buffers an unfinished message and decompresses whole ones as they come, however
 * many, and tells of neither. A version without these fields fails in the first call, and in the tests.
 */
interface Inside {
  readonly stream: ServerHttp2Stream;
  incomingEncoding: string;
  decoder: unknown;
  readQueue: unknown[];
}

const STOPPED: Read = { done: true, value: undefined };

/** Which side of a call sends for as long as the client likes. */
export type LongSides = "none" | "answers" | "both";

/** What becomes of a call beside its messages. */
export interface GrpcCallEvents {
  /** The headers are here: serve the call. */
  onStart(metadata: Metadata): void;
  /** Nobody waits for the answer any more; comes once, and never after `end`. */
  onAbort(reason: LogPulseError): void;
}

/**
 * One gRPC call on the server: encoded messages in by asynchronous iteration, encoded messages out, one status.
 *
 * It stands below grpc-js's handlers, for four reasons. Those read 16 messages ahead, which is 64 MiB for batches of
 * 4 MiB; here a message is read when it is asked for, and until then the client is stopped by the stream's window.
 * Those pass on the library's own errors, as RESOURCE_EXHAUSTED for a message that is too large; here every status is
 * ours. A client that opens a call and stays silent is noticed. And what is held of a request that is not whole, or
 * whose handler has not taken it over, is counted (`ReceivedBytes`).
 *
 * A client must read each answer that is sent within `streamIdleMsMax`, an only one by its deadline if that is later; small
 * ones that end a call are kept for it as long as its connection lives. Where both sides go on for as long as they like, it
 * may be silent for `streamQuietMsMax` before it begins a message; the handler, which may wait long before it asks for the
 * next message, has taken each one over when it gets it, and bounds what it holds.
 */
export class GrpcCall implements AsyncIterableIterator<Uint8Array, undefined> {
  private readonly wire: WireCall;
  private readonly inside: Inside;
  private readonly encoding: string;
  private readonly desk: Desk;
  private readonly share: ReceivedShare;
  private readonly frames = new GrpcFrames();
  private readonly events: GrpcCallEvents;
  private readonly long: LongSides;
  private readonly sendStatus: (status: WireStatus) => void;
  private reading: Waiting<Read> | undefined;
  private writing: Waiting<void> | undefined;
  private idleTimer: NodeJS.Timeout | undefined;
  private sendTimer: NodeJS.Timeout | undefined;
  private quietSinceMs = 0;
  private halfClosed = false;
  private messageBytes = 0; // Of the message that the handler has.
  private ended = false;
  private abortReason: LogPulseError | undefined;

  constructor(wire: WireCall, desk: Desk, events: GrpcCallEvents, long: LongSides = "none") {
    this.wire = wire;
    this.desk = desk;
    this.events = events;
    this.long = long;
    this.share = desk.received.open();
    this.inside = wire as unknown as Inside;
    this.encoding = this.inside.incomingEncoding;
    this.inside.incomingEncoding = "identity"; // Messages come as they are, and are decompressed here.
    // Before grpc-js sees a piece, so that it does not keep one of a call that ends for it.
    this.inside.stream.prependListener("data", (piece: Buffer) => this.onPiece(piece));
    this.sendStatus = wire.sendStatus.bind(wire);
    // What the library itself has to say (message too large, deadline passed) goes through this property too.
    wire.sendStatus = (status) => this.endByLibrary(status);
  }

  /** Starts the call: `onStart` comes next. */
  start(): void {
    this.wire.start({
      onReceiveMetadata: (metadata) => this.events.onStart(metadata),
      onReceiveMessage: (message: Uint8Array) => this.onMessage(message),
      onReceiveHalfClose: () => this.onHalfClose(),
      onCancel: () => {
        this.forget();
        if (!this.ended) this.abort(this.whyCancelled()); // It comes after every call, also those that ended well.
      },
    });
  }

  /** The address at the other end of the connection; undefined once that is closed. */
  get peer(): string | undefined {
    return this.wire.getConnectionInfo().remoteAddress;
  }

  /** The connection; undefined once that is closed. */
  get session(): ServerHttp2Session | undefined {
    return this.inside.stream.session as ServerHttp2Session | undefined;
  }

  /** When the client's deadline passes, in milliseconds since 1970. */
  get deadlineMs(): number | undefined {
    const deadline = Number(this.wire.getDeadline());
    return Number.isFinite(deadline) ? deadline : undefined;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * Reads one message. The one before has been taken over by whoever asks for the next.
   *
   * @throws LogPulseError `deadline_exceeded` after `streamIdleMsMax` without a whole message (a long call: also after
   * `streamQuietMsMax` in which none was begun), and the reason of any abort.
   */
  next(): Promise<Read> {
    this.messageBytes = 0;
    this.share.set(this.frames.bytes);
    return this.nextBeside();
  }

  /** Reads one message more, while the one before is still held. @throws as `next`. */
  nextBeside(): Promise<Read> {
    if (this.abortReason) return Promise.reject(this.abortReason);
    if (this.halfClosed || this.ended) return Promise.resolve(STOPPED);
    const { promise, resolve, reject } = Promise.withResolvers<Read>();
    this.reading = { resolve, reject };
    this.share.waitForClient(this.onSlow);
    this.quietSinceMs = performance.now();
    this.waitUntilIdle();
    this.wire.startRead();
    return promise;
  }

  /**
   * The reader wants no more: a read under way ends, and the rest of what the client sends is read away when the call
   * ends.
   */
  return(): Promise<Read> {
    this.halfClosed = true;
    this.settleRead(STOPPED);
    return Promise.resolve(STOPPED);
  }

  /**
   * Sends one message; resolves when the transport has taken it.
   *
   * @throws LogPulseError `deadline_exceeded` where the client has not read all of it within `streamIdleMsMax`, or by its
   * own later deadline if the call is no long one; that ends the call. And the reason of any abort.
   */
  send(message: Uint8Array): Promise<void> {
    if (this.abortReason) return Promise.reject(this.abortReason);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.writing = { resolve, reject };
    const msMax = this.readMsMax;
    this.sendTimer = setTimeout(() => this.onNotRead(msMax), msMax);
    this.wire.sendMessage(message, () => {
      clearTimeout(this.sendTimer);
      resolve();
    });
    return promise;
  }

  /**
   * Ends the call well with its only message, a small one: nobody waits until the transport has taken it, and the status
   * stands behind it. A call that has ended before has told its client otherwise.
   */
  endWith(message: Uint8Array): void {
    if (this.ended) return;
    this.wire.sendMessage(message, () => {});
    this.end();
  }

  /** Ends the call; without `status`, well. Only the first end counts. A read under way ends too. */
  end(status?: WireStatus): void {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.idleTimer);
    this.share.close();
    this.settleRead(STOPPED);
    this.sendStatus(status ?? { code: Code.OK, details: "OK" });
  }

  /** Ends the call with that error, whatever its handler still does; its reads and writes reject from now on. */
  abort(reason: LogPulseError, status?: WireStatus): void {
    if (this.abortReason || this.ended) return;
    this.abortReason = reason;
    this.reading?.reject(reason);
    this.reading = undefined;
    this.writing?.reject(reason);
    this.end(status ?? toGrpcStatus(toStatus(reason)));
    this.events.onAbort(reason);
  }

  private readonly onSlow = (reason: LogPulseError) => this.abort(reason);

  private onPiece(piece: Buffer): void {
    if (this.ended) return;
    const begins = this.frames.bytes === 0;
    this.frames.add(piece);
    if (begins && this.long === "both") this.waitUntilIdle();
    try {
      this.share.add(piece.length);
    } catch (reason) {
      this.abort(reason as LogPulseError);
    }
  }

  private onMessage(message: Uint8Array): void {
    if (this.ended) return;
    this.share.waitForClient(undefined);
    if (this.frames.take().compressed) void this.decompress(message);
    else this.hand(message);
  }

  /** Never rejects. */
  private async decompress(message: Uint8Array): Promise<void> {
    const { encoding } = this;
    const decompress = GRPC_DECOMPRESS.get(encoding);
    if (decompress === undefined) {
      const details = `the message is compressed by "${encoding}"; known are ${[...GRPC_DECOMPRESS.keys()].join(", ")}`;
      return this.endByLibrary({ code: Code.UNIMPLEMENTED, details });
    }
    const take = (bytes: number) => this.share.set(this.share.bytes + bytes);
    const { decompression } = this.desk;
    try {
      this.hand(await decompression.run(encoding, decompress, message, GRPC_MESSAGE_BYTES_MAX, take));
    } catch (reason) {
      this.abort(reason as LogPulseError);
    }
  }

  /** Hands a message to the handler. */
  private hand(message: Uint8Array): void {
    if (this.long !== "both") this.messageBytes += message.length;
    this.share.set(this.frames.bytes + this.messageBytes);
    this.settleRead({ done: false, value: message });
  }

  private settleRead(read: Read): void {
    const { reading } = this;
    this.reading = undefined;
    reading?.resolve(read);
  }

  /**
   * Node ends a stream that the client has reset like one that the client has finished, and tells the difference a
   * moment later. Asking for one more message makes grpc-js look: on a reset stream it cancels in the next tick, before
   * we settle the read.
   */
  private onHalfClose(): void {
    this.halfClosed = true;
    this.wire.startRead();
    process.nextTick(() => this.settleRead(STOPPED));
  }

  /**
   * A stream that we have ended lives until its client ends it too, or the connection, and grpc-js keeps with it what
   * came of an unfinished message. It does not look there once it has cancelled.
   */
  private forget(): void {
    clearTimeout(this.sendTimer);
    this.inside.decoder = undefined;
    this.inside.readQueue = [];
  }

  private waitUntilIdle(): void {
    if (this.idleTimer) this.idleTimer.refresh();
    else this.idleTimer = setTimeout(() => this.onIdle(), this.desk.streamIdleMsMax);
  }

  private onIdle(): void {
    if (this.reading === undefined) return; // The handler is at work, or has what it needs.
    const { streamIdleMsMax, streamQuietMsMax } = this.desk;
    const isQuiet = this.long === "both" && this.frames.bytes === 0;
    if (isQuiet && performance.now() < this.quietSinceMs + streamQuietMsMax) return this.waitUntilIdle();
    const msMax = isQuiet ? streamQuietMsMax : streamIdleMsMax;
    const message = `no whole message came within ${msMax} ms; send what was not acknowledged on a new call`;
    this.abort(new LogPulseError("deadline_exceeded", message));
  }

  /** Who waits long for an only answer may read it slowly too. */
  private get readMsMax(): number {
    const { streamIdleMsMax } = this.desk;
    if (this.long !== "none") return streamIdleMsMax;
    return Math.max(streamIdleMsMax, (this.deadlineMs ?? 0) - Date.now());
  }

  /** The status cannot leave: it stands behind the message that the client does not read. */
  private onNotRead(msMax: number): void {
    const message = `a message of ours was not read within ${msMax} ms`;
    this.abort(new LogPulseError("deadline_exceeded", message));
    this.inside.stream.close(constants.NGHTTP2_CANCEL);
  }

  private whyCancelled(): LogPulseError {
    const { deadlineMs } = this;
    const passed = deadlineMs !== undefined && Date.now() >= deadlineMs;
    return passed ? deadlinePassed() : new LogPulseError("cancelled", "the client hung up");
  }

  private endByLibrary(status: WireStatus): void {
    const reason = errorOfLibrary(status);
    // An encoding that is not known keeps its code: clients look for UNIMPLEMENTED and send without compression.
    if (status.code === Code.UNIMPLEMENTED) this.abort(reason, status);
    else this.abort(reason);
  }
}
