import type { LoggedBatch } from "../../domain/logged-batch.ts";
import type { TraceHeaders } from "../../domain/trace-headers.ts";
import type { DeadLetters } from "../../ports/dead-letters.ts";
import type { LogSink, StoreCounts } from "../../ports/log-sink.ts";
import type { Span, SpanEnd, Traces } from "../../ports/traces.ts";
import { logFacts, type TracedLog } from "./batch-spans.ts";
import { failedEnd } from "./span-error.ts";
import { storeEnd, storeStart } from "./store-span.ts";
import { WrappedSink } from "./wrapped-sink.ts";

type FollowedBatch = LoggedBatch & { trace: TraceHeaders };

/** Where the batches come from. */
export interface TracedReading extends TracedLog {
  /** The consumer group. */
  group: string;
}

/**
 * A store, with spans for those batches that came with a trace: one for each of them, part of its own trace, and one for
 * what the store was asked, which settles many batches at once and is part of the first one's. The others' spans name
 * it, and it names theirs. Every try has spans of its own.
 */
export class TracedSink extends WrappedSink {
  private readonly traces: Traces;
  private readonly reading: TracedReading;

  constructor(sink: LogSink, traces: Traces, reading: TracedReading) {
    super(sink);
    this.traces = traces;
    this.reading = reading;
  }

  override async store(
    batches: readonly LoggedBatch[],
    deadLetters: DeadLetters,
    signal: AbortSignal,
  ): Promise<StoreCounts> {
    const followed = batches.filter((batch): batch is FollowedBatch => batch.trace !== undefined);
    const spans = followed.flatMap((batch) => this.process(batch) ?? []);
    const [first] = spans;
    if (first === undefined) return this.sink.store(batches, deadLetters, signal);
    const store = this.beginStore(first, spans, batches);
    const end = (storeEnds: SpanEnd, batchEnds: SpanEnd) => {
      store?.end(storeEnds);
      for (const span of spans) span.end(batchEnds);
    };
    try {
      const counts = await this.sink.store(batches, deadLetters, signal);
      end(storeEnd(counts), {});
      return counts;
    } catch (reason) {
      end(failedEnd(reason, signal), failedEnd(reason, signal));
      throw reason;
    }
  }

  private process({ trace, partition, offset, recordCount, rejects }: FollowedBatch): Span | undefined {
    const { destination, group } = this.reading;
    return this.traces.begin({
      name: `process ${destination}`,
      kind: "consumer",
      parent: trace,
      links: [trace],
      facts: {
        ...logFacts(this.reading, "process"),
        "messaging.consumer.group.name": group,
        "messaging.destination.partition.id": String(partition),
        "kafka.offset": Number(offset),
        "logpulse.records": recordCount,
        "logpulse.rejects": rejects.length,
      },
    });
  }

  private beginStore(first: Span, spans: readonly Span[], batches: readonly LoggedBatch[]): Span | undefined {
    const others = spans.slice(1);
    const store = this.traces.begin({
      ...storeStart(this.name, batches),
      parent: first.headers,
      links: others.map(({ headers }) => headers),
    });
    if (store) for (const span of others) span.link(store.headers);
    return store;
  }
}
