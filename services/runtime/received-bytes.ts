import { LogPulseError } from "../domain/errors.ts";
import {
  RECEIVED_BYTES_FREE,
  RECEIVED_BYTES_PER_SECOND_MIN,
  RECEIVED_PIECE_BYTES,
  RECEIVED_SILENT_MS_MAX,
} from "../domain/limits.ts";

/** How often the slow ones are looked for, at most: it passes over all calls. */
const SEARCH_MS = 100;

/**
 * The room of this process for requests that are not whole, or whose handler has not taken them over. When it is used
 * up, first the calls that wait for a client that sends too slowly, or nothing, are ended; if that frees too little,
 * the call that asked for more is refused. Nobody waits for room, so nobody can wait for ever.
 *
 * Not simply the oldest is ended: where honest clients alone need more than there is, each would be ended just before
 * it is done.
 */
export class ReceivedBytes {
  private readonly bytesMax: number;
  private readonly nowMs: () => number;
  private readonly shares = new Set<ReceivedShare>();
  private bytes = 0;
  private searchedMs = Number.NEGATIVE_INFINITY;

  constructor(bytesMax: number, nowMs: () => number = () => performance.now()) {
    this.bytesMax = bytesMax;
    this.nowMs = nowMs;
  }

  /** How many bytes are held now, by all calls. */
  get held(): number {
    return this.bytes;
  }

  /** The share of a new call: empty. */
  open(): ReceivedShare {
    return new ReceivedShare({
      nowMs: this.nowMs,
      change: (share, bytes, mayRefuse) => this.change(share, bytes, mayRefuse),
      leave: (share) => void this.shares.delete(share),
    });
  }

  private change(share: ReceivedShare, bytes: number, mayRefuse: boolean): void {
    const more = bytes - share.bytes;
    if (mayRefuse && this.bytes + more > this.bytesMax) this.makeRoom(share, more);
    this.bytes += more;
    // It stays until the call ends: going and coming with each message of a stream makes V8 collect twice as often.
    if (share.bytes === 0 && more > 0) this.shares.add(share);
  }

  /** @throws LogPulseError `overloaded`. */
  private makeRoom(asking: ReceivedShare, more: number): void {
    const nowMs = this.nowMs();
    if (nowMs - this.searchedMs >= SEARCH_MS) {
      this.searchedMs = nowMs;
      for (const share of [...this.shares]) if (share !== asking && share.isSlow(nowMs)) share.endSlow(this.tooSlow());
    }
    if (this.bytes + more > this.bytesMax) throw this.full();
  }

  private full(): LogPulseError {
    const message = `requests that are being received hold ${this.bytes} bytes, and ${this.bytesMax} is all they may`;
    return new LogPulseError("overloaded", message, { retryAfterMs: 1_000 });
  }

  private tooSlow(): LogPulseError {
    const pace = `${RECEIVED_BYTES_PER_SECOND_MIN} bytes per second`;
    const message = `the process is short of memory, and of this request less than ${pace} came; send it again`;
    return new LogPulseError("overloaded", message, { retryAfterMs: 1_000 });
  }
}

/** Ends a call whose client is too slow. */
type OnSlow = (reason: LogPulseError) => void;

interface Room {
  nowMs: () => number;
  change: (share: ReceivedShare, bytes: number, mayRefuse: boolean) => void;
  leave: (share: ReceivedShare) => void;
}

/** What one call holds of the room. */
export class ReceivedShare {
  private readonly room: Room;
  private onSlow: OnSlow | undefined;
  private heldBytes = 0;
  private dueMs = 0;
  private closed = false;

  constructor(room: Room) {
    this.room = room;
  }

  /** How many bytes the call holds. */
  get bytes(): number {
    return this.heldBytes;
  }

  /** From now on the call waits for its client, and `onSlow` ends it where that is too slow; undefined: it does not. */
  waitForClient(onSlow: OnSlow | undefined): void {
    this.onSlow = onSlow;
    if (onSlow !== undefined) this.dueMs = this.room.nowMs() + RECEIVED_SILENT_MS_MAX;
  }

  /** A piece of the request is here. @throws LogPulseError `overloaded`: there is no room for it. */
  add(pieceBytes: number): void {
    const nowMs = this.room.nowMs();
    if (this.heldBytes === 0) this.dueMs = nowMs + RECEIVED_SILENT_MS_MAX;
    const earnedMs = (pieceBytes * 1_000) / RECEIVED_BYTES_PER_SECOND_MIN;
    this.dueMs = Math.min(nowMs + RECEIVED_SILENT_MS_MAX, this.dueMs + earnedMs);
    this.set(this.heldBytes + pieceBytes + RECEIVED_PIECE_BYTES);
  }

  /**
   * So many bytes the call holds now: a message was decompressed, or its handler has taken it over.
   *
   * @throws LogPulseError `overloaded`: it became more, and there is no room for that.
   */
  set(bytes: number): void {
    if (this.closed) return;
    this.room.change(this, bytes, bytes > this.heldBytes && bytes > RECEIVED_BYTES_FREE);
    this.heldBytes = bytes;
  }

  /** The call has ended: it holds nothing, for good. */
  close(): void {
    this.set(0);
    this.room.leave(this);
    this.closed = true;
    this.onSlow = undefined;
  }

  /** Does the call wait for a client that sends less than it must? */
  isSlow(nowMs: number): boolean {
    return this.onSlow !== undefined && this.heldBytes > RECEIVED_BYTES_FREE && nowMs > this.dueMs;
  }

  /** Ends the call. */
  endSlow(reason: LogPulseError): void {
    this.onSlow?.(reason);
    this.close();
  }
}
