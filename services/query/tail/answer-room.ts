import { TAIL_ANSWER_BYTES_MAX, TAIL_ANSWER_BYTES_MIN, TAIL_ANSWERS_BYTES_MAX } from "../../domain/limits.ts";

/** Bounds what answers of all tails hold that clients have not taken: the less room there is, the smaller they are. */
export class AnswerRoom {
  private bytes = 0;

  /** How large an answer may be that is made now. */
  get answerBytesMax(): number {
    const free = TAIL_ANSWERS_BYTES_MAX - this.bytes;
    return Math.min(TAIL_ANSWER_BYTES_MAX, Math.max(TAIL_ANSWER_BYTES_MIN, free));
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
