import type { TraceHeaders } from "../../domain/trace-headers.ts";
import type { Span, SpanEnd, SpanStart, Traces } from "../../ports/traces.ts";

/** A span as it was begun and ended. */
export interface RecordedSpan extends SpanStart {
  headers: TraceHeaders;
  linked: TraceHeaders[];
  ended?: SpanEnd;
}

/** Keeps spans. `isWanted`: left out, all are. */
export class RecordedTraces implements Traces {
  readonly spans: RecordedSpan[] = [];
  private readonly isWanted: (start: SpanStart) => boolean;

  constructor(isWanted: (start: SpanStart) => boolean = () => true) {
    this.isWanted = isWanted;
  }

  begin(start: SpanStart): Span | undefined {
    if (!this.isWanted(start)) return undefined;
    const span: RecordedSpan = { ...start, headers: { traceparent: `span ${this.spans.length}` }, linked: [] };
    this.spans.push(span);
    return {
      headers: span.headers,
      link: (to) => void span.linked.push(to),
      end: (end = {}) => {
        if (span.ended) throw new Error(`${span.name} has ended twice`);
        span.ended = end;
      },
    };
  }
}
