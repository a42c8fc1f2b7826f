import { LIMITER_TAKES_PER_COMMAND_MAX } from "../../domain/limits.ts";
import type { BucketAnswer, BucketTake } from "./bucket-script.ts";

interface Waiting {
  take: BucketTake;
  answered: (answer: BucketAnswer) => void;
  failed: (reason: unknown) => void;
}

/**
 * Asks the takes of one turn of the event loop as one command: a command costs this process and Redis several times what a
 * take in it does (docs/benchmarks/JOURNAL.md).
 */
export class GatheredTakes {
  private readonly ask: (takes: readonly BucketTake[]) => Promise<readonly (BucketAnswer | Error)[]>;
  private waiting: Waiting[] = [];

  /** `ask`: asks them as one command, and gives for each its answer, or why that one has none. */
  constructor(ask: (takes: readonly BucketTake[]) => Promise<readonly (BucketAnswer | Error)[]>) {
    this.ask = ask;
  }

  /** @throws what `ask` rejects with, or gives for this one. */
  take(take: BucketTake): Promise<BucketAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<BucketAnswer>();
    if (this.waiting.length === 0) setImmediate(() => this.askAll());
    this.waiting.push({ take, answered: resolve, failed: reject });
    return promise;
  }

  private askAll(): void {
    const all = this.waiting;
    this.waiting = [];
    for (let first = 0; first < all.length; first += LIMITER_TAKES_PER_COMMAND_MAX) {
      void this.askTogether(all.slice(first, first + LIMITER_TAKES_PER_COMMAND_MAX));
    }
  }

  /** Never rejects: each take's own promise tells. */
  private async askTogether(together: readonly Waiting[]): Promise<void> {
    try {
      const answers = await this.ask(together.map(({ take }) => take));
      for (const [index, { answered, failed }] of together.entries()) {
        const answer = answers[index]!;
        if (answer instanceof Error) failed(answer);
        else answered(answer);
      }
    } catch (reason) {
      for (const { failed } of together) failed(reason);
    }
  }
}
