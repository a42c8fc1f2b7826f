import {
  type Context,
  type Link,
  type SpanContext,
  SpanKind,
  type Span as SpanOfLibrary,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import {
  TRACE_EXPORT_MS_MAX,
  TRACE_LINKS_MAX,
  TRACE_SPANS_PER_EXPORT_MAX,
  TRACE_SPANS_WAITING_MAX,
  TRACE_STOP_MS_MAX,
} from "../../domain/limits.ts";
import type { TraceHeaders } from "../../domain/trace-headers.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Span, SpanEnd, SpanStart, Traces } from "../../ports/traces.ts";
import { CountedSpans, type SpanTotals } from "./counted-spans.ts";
import { contextOf, headersOf, spanContextOf } from "./span-context.ts";

/** Where spans go, which are wanted, and whose they are. */
export interface OtlpTracesSettings {
  /** Of OTLP over HTTP, whole: "http://127.0.0.1:4318/v1/traces". */
  url: string;
  /** 0 to 1: of the traces that begin here. */
  share: number;
  /** 0 to 1, for each of them. */
  random: () => number;
  /** This process, by names of OpenTelemetry's conventions. */
  resource: Readonly<Record<string, string>>;
}

const CONVENTIONS = "https://opentelemetry.io/schemas/1.45.0"; // Names of spans and facts are those of this version.

const KINDS = {
  server: SpanKind.SERVER,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  client: SpanKind.CLIENT,
} as const satisfies Record<SpanStart["kind"], SpanKind>;

/**
 * Spans by OpenTelemetry's library, sent to a collector in the background. Nothing is registered globally: other
 * libraries that look for a tracer find none, and what is part of what is said with every span.
 */
export class OtlpTraces implements Traces {
  private readonly settings: OtlpTracesSettings;
  private readonly logger: Logger;
  private readonly spans: CountedSpans;
  private readonly provider: TracerProvider;
  private readonly tracer: Tracer;
  private isFailing = false;

  constructor(settings: OtlpTracesSettings, logger: Logger) {
    this.settings = settings;
    this.logger = logger;
    const exporter = new OTLPTraceExporter({
      url: settings.url,
      timeoutMillis: TRACE_EXPORT_MS_MAX,
      concurrencyLimit: Math.ceil(TRACE_SPANS_WAITING_MAX / TRACE_SPANS_PER_EXPORT_MAX), // All of them, at the end.
    });
    this.spans = new CountedSpans(exporter, (failure) => this.onExport(failure));
    this.provider = new TracerProvider({
      resource: resourceFromAttributes(settings.resource),
      spanProcessors: [this.spans],
      spanLimits: { linkCountLimit: TRACE_LINKS_MAX },
    });
    this.tracer = this.provider.getTracer("logpulse", undefined, { schemaUrl: CONVENTIONS });
  }

  /** What became of the spans. */
  get totals(): SpanTotals {
    return this.spans.totals;
  }

  begin({ name, kind, parent, links = [], facts, beganMs }: SpanStart): Span | undefined {
    const context = contextOf(parent);
    const linked = links.flatMap(linkTo);
    if (!this.isWanted(context, linked)) return undefined;
    const options = { kind: KINDS[kind], attributes: facts, links: linked, startTime: beganMs };
    return new OtlpSpan(this.tracer.startSpan(name, options, context));
  }

  /** Sends what waits, for TRACE_STOP_MS_MAX at most; what the collector has not taken by then is gone. */
  async close(): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, TRACE_STOP_MS_MAX);
    await Promise.race([this.provider.shutdown(), late]);
    clearTimeout(timer);
    this.spans.giveUp();
    const { exported, failed, dropped } = this.totals;
    this.logger.info({ exported, failed, dropped }, "spans");
  }

  /** Before the library is asked: its samplers draw ids first, which costs every call that is not wanted microseconds. */
  private isWanted(parent: Context, linked: readonly Link[]): boolean {
    const { share, random } = this.settings;
    const place = trace.getSpanContext(parent);
    if (place !== undefined) return isSampled(place);
    return random() < share && linked.every((link) => isSampled(link.context));
  }

  /** Told when it changes, not with every export. */
  private onExport(failure: Error | undefined): void {
    if (this.isFailing === (failure !== undefined)) return;
    this.isFailing = failure !== undefined;
    if (failure) this.logger.warn({ reason: failure.message }, "the collector takes no spans; they are dropped");
    else this.logger.info({}, "the collector takes spans again");
  }
}

class OtlpSpan implements Span {
  readonly headers: TraceHeaders;
  private readonly span: SpanOfLibrary;

  constructor(span: SpanOfLibrary) {
    this.span = span;
    this.headers = headersOf(span);
  }

  link(to: TraceHeaders): void {
    for (const link of linkTo(to)) this.span.addLink(link);
  }

  end({ facts, error, endedMs }: SpanEnd = {}): void {
    if (facts) this.span.setAttributes(facts);
    if (error) {
      this.span.setAttribute("error.type", error.type);
      this.span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
    }
    this.span.end(endedMs);
  }
}

function isSampled({ traceFlags }: SpanContext): boolean {
  return (traceFlags & TraceFlags.SAMPLED) !== 0;
}

function linkTo(headers: TraceHeaders): Link[] {
  const context = spanContextOf(headers);
  return context === undefined ? [] : [{ context }];
}
