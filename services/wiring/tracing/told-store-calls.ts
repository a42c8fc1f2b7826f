import type { LoggedBatch } from "../../domain/logged-batch.ts";
import type { DeadLetters } from "../../ports/dead-letters.ts";
import type { LogSink, StoreCounts } from "../../ports/log-sink.ts";
import type { SpanEnd, SpanStart, Traces } from "../../ports/traces.ts";
import { failedEnd } from "./span-error.ts";
import { storeEnd, storeStart } from "./store-span.ts";
import { WrappedSink } from "./wrapped-sink.ts";

/** A span that is over, as one thread tells it to another. Times in milliseconds since 1970. */
export interface StoreCall {
  start: SpanStart & { beganMs: number };
  end: SpanEnd & { endedMs: number };
}

/** A store in a thread of its own: it tells of each transaction, and the thread that has the traces makes spans of it. */
export class ToldSink extends WrappedSink {
  private readonly tell: (call: StoreCall) => void;

  constructor(sink: LogSink, tell: (call: StoreCall) => void) {
    super(sink);
    this.tell = tell;
  }

  override async store(
    batches: readonly LoggedBatch[],
    deadLetters: DeadLetters,
    signal: AbortSignal,
  ): Promise<StoreCounts> {
    const start = { ...storeStart(this.name, batches), beganMs: nowMs() };
    try {
      const counts = await this.sink.store(batches, deadLetters, signal);
      this.tell({ start, end: { ...storeEnd(counts), endedMs: nowMs() } });
      return counts;
    } catch (reason) {
      this.tell({ start, end: { ...failedEnd(reason, signal), endedMs: nowMs() } });
      throw reason;
    }
  }
}

/** Makes a span of a call that was told, if it is wanted: a trace of its own. */
export function traceStoreCall(traces: Traces, { start, end }: StoreCall): void {
  traces.begin(start)?.end(end);
}

/** Finer than Date.now(): a small transaction takes less than a millisecond. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
