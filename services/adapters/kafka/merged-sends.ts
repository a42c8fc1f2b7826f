const APART_MS = 10_000;

/** One call of `MergedSends.send`: whether its messages were kept is told to it alone. */
interface Waiting<Message> {
  messages: readonly Message[];
  bytes: number;
  kept: () => void;
  failed: (reason: unknown) => void;
}

/**
 * Sends what is given in the same turn of the event loop, for different partitions, as one request: a request costs the
 * process and the broker about the same whatever it holds, and appends that were answered together come together again.
 *
 * The answer of one request is one for all in it. So where a request of several fails, each of them is sent again alone,
 * and is told what became of that: nobody fails for another's message. (What was kept the first time then stands there
 * twice; whoever reads settles each identity once.) And for ten seconds after any failure all go apart, so that partitions
 * of a broker that answers do not wait for one that does not.
 */
export class MergedSends<Message> {
  private readonly request: (messages: Message[]) => Promise<void>;
  private readonly bytesMax: number;
  private readonly nowMs: () => number;
  private apartUntilMs = Number.NEGATIVE_INFINITY;
  private waiting: Waiting<Message>[] = [];

  /** `request`: sends messages as one request. `bytesMax`: of one request of several; a larger send goes alone. */
  constructor(
    request: (messages: Message[]) => Promise<void>,
    bytesMax: number,
    nowMs: () => number = () => performance.now(),
  ) {
    this.request = request;
    this.bytesMax = bytesMax;
    this.nowMs = nowMs;
  }

  /** Resolves once all messages are kept. @throws whatever `request` throws of them. */
  send(messages: readonly Message[], bytes: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (this.waiting.length === 0) setImmediate(() => this.sendAll());
    this.waiting.push({ messages, bytes, kept: resolve, failed: reject });
    return promise;
  }

  private sendAll(): void {
    const all = this.waiting;
    this.waiting = [];
    const bytesMax = this.nowMs() < this.apartUntilMs ? 0 : this.bytesMax;
    for (let first = 0; first < all.length; ) {
      let end = first + 1;
      let bytes = all[first]!.bytes;
      while (end < all.length && bytes + all[end]!.bytes <= bytesMax) bytes += all[end++]!.bytes;
      void this.sendTogether(all.slice(first, end));
      first = end;
    }
  }

  /** Never rejects: each send's own promise tells. */
  private async sendTogether(together: readonly Waiting<Message>[]): Promise<void> {
    try {
      await this.request(together.flatMap(({ messages }) => messages));
      for (const { kept } of together) kept();
    } catch (reason) {
      this.apartUntilMs = this.nowMs() + APART_MS; // Also where one fails that went alone: its broker is still away.
      if (together.length === 1) return together[0]!.failed(reason);
      await Promise.all(together.map((alone) => this.sendTogether([alone])));
    }
  }
}
