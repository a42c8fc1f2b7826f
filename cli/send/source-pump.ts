import { Bell } from "../../services/domain/bell.ts";
import { SEND_BATCH_MS_MAX, SEND_IDLE_MS } from "../../services/domain/limits.ts";
import type { ByteSource } from "./byte-source.ts";
import { SourceCutOff } from "./gunzip-chunks.ts";
import type { SourceBatch, SourceBatches } from "./source-batches.ts";

/** How a source is sent. */
export interface PumpSettings {
  source: ByteSource;
  batches: SourceBatches;
  /** Resolves when there is room for more. */
  send: (batch: SourceBatch) => Promise<void>;
  /** Aborted: nothing more is read. */
  signal: AbortSignal;
  /**
   * Whether a record may be ended since nothing has come for a while. Not where somebody may send the same again, maybe
   * faster: the records have to come out the same.
   */
  mayEndByTime: boolean;
  /** Before each chunk is read as lines. Gives what is to be sent first. */
  onChunk: () => SourceBatch[];
}

/**
 * Reads a source and sends its batches, until it ends or the signal is aborted. What has come is sent before long, also
 * where no more comes. It reads no further while there is no room. Resolves to whether it was read to its end.
 *
 * @throws SourceCutOff where the source could not be read to its end, when what was read is on its way; what `send` throws.
 */
export async function pumpSource(settings: PumpSettings): Promise<boolean> {
  const pump = new SourcePump(settings);
  const onAbort = () => pump.wake();
  settings.signal.addEventListener("abort", onAbort);
  try {
    return await pump.run();
  } finally {
    settings.signal.removeEventListener("abort", onAbort);
  }
}

class SourcePump {
  private readonly settings: PumpSettings;
  private readonly news = new Bell();
  private waitsSinceMs = 0; // For the next chunk: whoever had no room for a while has not waited for it.
  private heldSinceMs: number | undefined; // Records that no batch was made of.

  constructor(settings: PumpSettings) {
    this.settings = settings;
  }

  wake(): void {
    this.news.ring();
  }

  async run(): Promise<boolean> {
    const { source, batches, mayEndByTime, onChunk } = this.settings;
    const chunks = source.chunks();
    try {
      for (;;) {
        this.waitsSinceMs = performance.now();
        const next = await this.nextOrStop(chunks.next());
        if (next === undefined) {
          await this.sendAll(mayEndByTime ? batches.endRecord() : batches.takeBatch());
          return false;
        }
        if (next.done) break;
        await this.sendAll(onChunk());
        await this.sendAll(batches.feed(next.value));
      }
    } catch (reason) {
      if (reason instanceof SourceCutOff) await this.sendAll(batches.finish());
      throw reason;
    }
    await this.sendAll(batches.finish());
    return true;
  }

  /** Undefined where nothing more is to be read. What is due meanwhile is sent. */
  private async nextOrStop(chunk: Promise<IteratorResult<Buffer>>): Promise<IteratorResult<Buffer> | undefined> {
    let arrived: { next: IteratorResult<Buffer> } | { reason: unknown } | undefined;
    chunk.then(
      (next) => {
        arrived = { next };
        this.wake();
      },
      (reason: unknown) => {
        arrived = { reason };
        this.wake();
      },
    );
    for (;;) {
      if (this.settings.signal.aborted) return undefined;
      if (arrived && "reason" in arrived) throw arrived.reason;
      if (arrived) return arrived.next;
      await this.waitUntilDue();
      await this.sendDue();
    }
  }

  /** Until something has come, or is to be sent. */
  private async waitUntilDue(): Promise<void> {
    const dueMs = this.nextDueMs;
    const timer =
      dueMs === undefined ? undefined : setTimeout(() => this.wake(), Math.max(0, dueMs - performance.now()));
    await this.news.heard();
    clearTimeout(timer);
  }

  private get nextDueMs(): number | undefined {
    const { batches, mayEndByTime } = this.settings;
    const idleMs = batches.isHoldingLines && mayEndByTime ? this.waitsSinceMs + SEND_IDLE_MS : undefined;
    const batchMs = this.heldSinceMs === undefined ? undefined : this.heldSinceMs + SEND_BATCH_MS_MAX;
    return idleMs === undefined || batchMs === undefined ? (idleMs ?? batchMs) : Math.min(idleMs, batchMs);
  }

  private async sendDue(): Promise<void> {
    const { batches, mayEndByTime } = this.settings;
    const nowMs = performance.now();
    const isIdle = nowMs >= this.waitsSinceMs + SEND_IDLE_MS;
    if (isIdle && batches.isHoldingLines && mayEndByTime) await this.sendAll(batches.endRecord());
    else if (this.heldSinceMs !== undefined && nowMs >= this.heldSinceMs + SEND_BATCH_MS_MAX) {
      await this.sendAll(batches.takeBatch());
    }
  }

  private async sendAll(ready: readonly SourceBatch[]): Promise<void> {
    if (ready.length > 0) this.heldSinceMs = undefined;
    for (const batch of ready) await this.settings.send(batch);
    if (this.settings.batches.isHoldingRecords) this.heldSinceMs ??= performance.now();
  }
}
