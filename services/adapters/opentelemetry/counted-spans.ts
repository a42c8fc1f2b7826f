import { TraceFlags } from "@opentelemetry/api";
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter, type SpanProcessor } from "@opentelemetry/sdk-trace";
import {
  TRACE_EXPORT_EVERY_MS,
  TRACE_EXPORT_MS_MAX,
  TRACE_SPANS_PER_EXPORT_MAX,
  TRACE_SPANS_WAITING_MAX,
} from "../../domain/limits.ts";

/** What became of the spans that ended; what is left waits to be sent, or is on its way. */
export interface SpanTotals {
  exported: number;
  /** The collector did not take them: they are gone. */
  failed: number;
  /** More ended than could be sent: they are gone. */
  dropped: number;
}

/**
 * The library's batch processor with a count of everything: it would drop spans and tell nobody. Spans on their way
 * count as waiting too, so that a collector that hangs holds no more memory than one that is slow.
 */
export class CountedSpans implements SpanProcessor {
  private readonly counts: SpanTotals = { exported: 0, failed: 0, dropped: 0 };
  private readonly onExport: (failure: Error | undefined) => void;
  private readonly batches: BatchSpanProcessor;
  private waiting = 0;
  private closed = false;
  private gaveUp = false;
  private onNone: () => void = () => undefined;

  /** `onExport`: told how each export ended. */
  constructor(exporter: SpanExporter, onExport: (failure: Error | undefined) => void) {
    this.onExport = onExport;
    this.batches = new BatchSpanProcessor({
      exporter: {
        export: (spans, tell) => exporter.export(spans, (result) => this.exported(spans.length, result, tell)),
        shutdown: () => exporter.shutdown(),
      },
      maxQueueSize: TRACE_SPANS_WAITING_MAX,
      maxExportBatchSize: TRACE_SPANS_PER_EXPORT_MAX,
      scheduledDelayMillis: TRACE_EXPORT_EVERY_MS,
      exportTimeoutMillis: TRACE_EXPORT_MS_MAX,
    });
  }

  /** A copy. */
  get totals(): SpanTotals {
    return { ...this.counts };
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
    if (this.closed || this.waiting >= TRACE_SPANS_WAITING_MAX) {
      this.counts.dropped++;
      return;
    }
    this.waiting++;
    this.batches.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.batches.forceFlush();
  }

  /** Takes no more, and sends what waits; resolves when the collector has answered to all of it. */
  async shutdown(): Promise<void> {
    this.closed = true;
    const none = new Promise<void>((resolve) => {
      this.onNone = resolve;
    });
    const sent = this.batches.shutdown().catch(() => undefined); // Each export's failure is counted, and told.
    if (this.waiting > 0) await none;
    await sent;
  }

  /** What still waits is gone. */
  giveUp(): void {
    this.gaveUp = true;
    this.counts.failed += this.waiting;
    this.waiting = 0;
  }

  private exported(spans: number, result: ExportResult, tell: (result: ExportResult) => void): void {
    tell(result);
    if (this.gaveUp) return;
    const isTaken = result.code === ExportResultCode.SUCCESS;
    this.waiting -= spans;
    this.counts[isTaken ? "exported" : "failed"] += spans;
    this.onExport(isTaken ? undefined : (result.error ?? new Error("the collector did not take them")));
    if (this.waiting === 0) this.onNone();
  }
}
