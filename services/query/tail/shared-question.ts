import { orAborted } from "./or-aborted.ts";

/**
 * One question that many ask at the same time: it is under way once. Who comes meanwhile gets the answer to the next one,
 * since what is under way may have been answered before he came.
 */
export class SharedQuestion<Answer> {
  private readonly ask: () => Promise<Answer>;
  private underWay: Promise<unknown> | undefined;
  private following: Promise<Answer> | undefined;

  /** `ask`: begins when it is called. */
  constructor(ask: () => Promise<Answer>) {
    this.ask = ask;
  }

  /** An answer of now. @throws as the question; the signal's reason. */
  async answer(signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted();
    this.following ??= this.next();
    return orAborted(this.following, signal);
  }

  private async next(): Promise<Answer> {
    await this.underWay?.catch(() => undefined); // Those who asked are told.
    const answer = this.ask();
    this.underWay = answer;
    this.following = undefined;
    return answer;
  }
}
