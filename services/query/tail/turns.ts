import { TAIL_ANSWER_BYTES_MAX, TAIL_MATCHES_PER_TURN_MAX } from "../../domain/limits.ts";

/** What is read and found is sent between two turns: a quarter of an answer, so that readers who keep up never lag. */
const BYTES_PER_TURN = TAIL_ANSWER_BYTES_MAX / 4;

/** Leaves the thread to others after a few milliseconds of work at most. */
export class Turns {
  private matches = 0;
  private bytes = 0;

  /** So many matches are about to be made. */
  async afterWork(matches: number): Promise<void> {
    this.matches += matches;
    if (this.matches > TAIL_MATCHES_PER_TURN_MAX) await this.next();
  }

  /** So many bytes of the log were handed on. */
  async afterBytes(bytes: number): Promise<void> {
    this.bytes += bytes;
    if (this.bytes > BYTES_PER_TURN) await this.next();
  }

  private async next(): Promise<void> {
    this.matches = 0;
    this.bytes = 0;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
