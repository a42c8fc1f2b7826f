import type { ServerResponse } from "node:http";
import { LogPulseError } from "../domain/errors.ts";

const RETRY_MS = 1_000;

/**
 * Counts the bytes of answers that were made and whose clients have not taken them, over all HTTP connections of the
 * process: a client that asks and never reads must not fill its memory.
 */
export class UnsentAnswers {
  private readonly bytesMax: number;
  private bytes = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** Bytes of answers that are on their way. */
  get held(): number {
    return this.bytes;
  }

  /**
   * Counts an answer until its connection has taken it, or is gone. One always has room.
   *
   * @throws LogPulseError `overloaded` where it has no room beside the others: send that instead.
   */
  take(response: ServerResponse, bytes: number): void {
    if (this.bytes > 0 && this.bytes + bytes > this.bytesMax) {
      const message = `answers of ${this.bytes} bytes wait for clients that do not read them; there is no room for one more`;
      throw new LogPulseError("overloaded", message, { retryAfterMs: RETRY_MS });
    }
    this.bytes += bytes;
    response.once("close", () => {
      this.bytes -= bytes;
    });
  }
}
