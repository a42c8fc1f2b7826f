import { LogPulseError } from "../../../domain/errors.ts";
import { APPEND_MS_MAX, APPEND_QUEUE_BYTES_MAX, LOG_COMMIT_BYTES_MAX } from "../../../domain/limits.ts";
import type { LogCommit } from "./log-file.ts";

interface Waiting {
  partition: number;
  batches: readonly Uint8Array[];
  bytes: number;
  kept: () => void;
  failed: (reason: unknown) => void;
}

/**
 * Appends on their way to the log thread. What arrives while a commit is under way waits, and goes with the next one: a
 * commit costs about the same for one append and for hundreds.
 */
export class LogCommitQueue {
  private readonly commit: (together: LogCommit) => Promise<void>;
  private readonly appendMsMax: number;
  private readonly queue = new Set<Waiting>(); // In the order of arrival.
  private readonly underWay = new Set<Promise<void>>();
  private busy = false;
  private bytesHeld = 0;
  private commitCount = 0;

  /** `commit`: one transaction; it keeps all messages, or rejects. Called again only when it has settled. */
  constructor(commit: (together: LogCommit) => Promise<void>, appendMsMax = APPEND_MS_MAX) {
    this.commit = commit;
    this.appendMsMax = appendMsMax;
  }

  /** How many transactions were kept. */
  get commits(): number {
    return this.commitCount;
  }

  /**
   * Resolves once the batches are kept, together and in their order. They are copied when their commit begins.
   *
   * @throws LogPulseError `log_unavailable`: not within APPEND_MS_MAX; at once where those that wait for their commit
   *   already hold APPEND_QUEUE_BYTES_MAX.
   * @throws what the commit rejected with.
   */
  append(partition: number, batches: readonly Uint8Array[]): Promise<void> {
    const bytes = batches.reduce((sum, batch) => sum + batch.length, 0);
    if (this.bytesHeld > 0 && this.bytesHeld + bytes > APPEND_QUEUE_BYTES_MAX) {
      const message = `the log takes no more now: ${this.bytesHeld} bytes already wait for it`;
      return Promise.reject(new LogPulseError("log_unavailable", message));
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Waiting = { partition, batches, bytes, kept: resolve, failed: reject };
    this.bytesHeld += bytes;
    this.queue.add(waiting);
    const timer = setTimeout(() => this.giveUp(waiting), this.appendMsMax);
    this.underWay.add(promise);
    const forget = () => {
      clearTimeout(timer);
      this.underWay.delete(promise);
    };
    promise.then(forget, forget);
    if (!this.busy) void this.drain();
    return promise;
  }

  /** Resolves when every append that waits now is kept or has failed. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.underWay);
  }

  /** Commits until nothing waits. Never rejects: each append's own promise tells. */
  private async drain(): Promise<void> {
    this.busy = true;
    while (this.queue.size > 0) await this.commitTogether(this.takeTogether());
    this.busy = false;
  }

  private async commitTogether(together: readonly Waiting[]): Promise<void> {
    try {
      await this.commit(packed(together));
      this.commitCount++;
      for (const { kept } of together) kept();
    } catch (reason) {
      for (const { failed } of together) failed(reason);
    } finally {
      for (const { bytes } of together) this.bytesHeld -= bytes;
    }
  }

  private takeTogether(): Waiting[] {
    const together: Waiting[] = [];
    let bytes = 0;
    for (const waiting of this.queue) {
      bytes += waiting.bytes;
      if (together.length > 0 && bytes > LOG_COMMIT_BYTES_MAX) break;
      this.queue.delete(waiting);
      together.push(waiting);
    }
    return together;
  }

  private giveUp(waiting: Waiting): void {
    if (this.queue.delete(waiting)) this.bytesHeld -= waiting.bytes; // Otherwise its commit is under way, and holds them.
    waiting.failed(
      new LogPulseError("log_unavailable", `the log has not said within ${this.appendMsMax} ms that it keeps this`),
    );
  }
}

/** The one copy of the bytes: what the callers own cannot be given away to another thread, and this can. */
function packed(together: readonly Waiting[]): LogCommit {
  const messages = new Uint32Array(2 * together.reduce((sum, { batches }) => sum + batches.length, 0));
  const bytes = Buffer.allocUnsafeSlow(together.reduce((sum, waiting) => sum + waiting.bytes, 0));
  let index = 0;
  let at = 0;
  for (const { partition, batches } of together) {
    for (const batch of batches) {
      messages[index++] = partition;
      messages[index++] = batch.length;
      bytes.set(batch, at);
      at += batch.length;
    }
  }
  return { bytes, messages };
}
