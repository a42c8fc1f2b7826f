import type { TailBounds } from "./tail-bounds.ts";

/**
 * Bounds what answers of all tails hold that clients have not taken: the less room there is, the smaller they are. One
 * record is always let through: waiting for room would let readers that stand still hold up all others.
 */
export class AnswerRoom {
  private readonly bounds: TailBounds;
  private bytes = 0;

  constructor(bounds: TailBounds) {
    this.bounds = bounds;
  }

  /** How large an answer may be that is made now. */
  get answerBytesMax(): number {
    const { answerBytesMin, answerBytesMax, answersBytesMax } = this.bounds;
    return Math.min(answerBytesMax, Math.max(answerBytesMin, answersBytesMax - this.bytes));
  }

  /** Counts an answer while it is sent. @throws as `send`. */
  async during(bytes: number, send: () => Promise<void>): Promise<void> {
    this.bytes += bytes;
    try {
      await send();
    } finally {
      this.bytes -= bytes;
    }
  }
}
