import { LogPulseError } from "../domain/errors.ts";
import { STREAM_REJECTS_UNREAD_MAX } from "../domain/limits.ts";

const FULL_RETRY_MS = 1_000;

/**
 * The rejects of this process that clients of `Stream` have not taken yet. They are bounded over all streams: each may
 * be longer than the record it names, and a client may send without ever reading.
 */
export class UnreadRejects {
  private readonly countMax: number;
  private count = 0;

  constructor(countMax = STREAM_REJECTS_UNREAD_MAX) {
    this.countMax = countMax;
  }

  /** These wait now. @throws LogPulseError `overloaded`: too many do, and these cannot. */
  add(count: number): void {
    if (this.count + count > this.countMax) {
      const message = `${this.count} rejects wait for clients that do not read their answers; there is no room for more`;
      throw new LogPulseError("overloaded", message, { retryAfterMs: FULL_RETRY_MS });
    }
    this.count += count;
  }

  /** These are told, or nobody is there to be told. */
  remove(count: number): void {
    this.count -= count;
  }
}
