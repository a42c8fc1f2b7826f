import { LogPulseError } from "../domain/errors.ts";
import { STREAM_REJECTS_UNREAD_MAX, STREAM_REJECTS_UNREAD_PER_CLIENT_MAX } from "../domain/limits.ts";
import { SharedRoom } from "./shared-room.ts";

const FULL_RETRY_MS = 1_000;

/**
 * The rejects of this process that clients of `Stream` have not taken yet. They are bounded over all streams: each may
 * be longer than the record it names, and a client may send without ever reading.
 */
export class UnreadRejects {
  private readonly room: SharedRoom;
  private readonly bounds: string;

  constructor(countMax = STREAM_REJECTS_UNREAD_MAX, countPerSenderMax = STREAM_REJECTS_UNREAD_PER_CLIENT_MAX) {
    this.room = new SharedRoom(countMax, countPerSenderMax);
    this.bounds = `${countPerSenderMax} of one client, ${countMax} of all`;
  }

  /** These wait now. @throws LogPulseError `overloaded`: too many do, and these cannot. */
  add(sender: string, count: number): void {
    if (this.room.take(sender, count)) return;
    const message = `there is no room for ${count} more rejects: unread by clients may be ${this.bounds}`;
    throw new LogPulseError("overloaded", message, { retryAfterMs: FULL_RETRY_MS });
  }

  /** These are told, or nobody is there to be told. */
  remove(sender: string, count: number): void {
    this.room.giveBack(sender, count);
  }
}
