import type { LogSink } from "../../ports/log-sink.ts";

/** A store around which something is done when it stores; all else passes through. */
export abstract class WrappedSink implements LogSink {
  protected readonly sink: LogSink;

  constructor(sink: LogSink) {
    this.sink = sink;
  }

  abstract store(...given: Parameters<LogSink["store"]>): ReturnType<LogSink["store"]>;

  get name(): string {
    return this.sink.name;
  }

  prepare(): Promise<void> {
    return this.sink.prepare();
  }

  check(): Promise<void> {
    return this.sink.check();
  }

  close(): Promise<void> {
    return this.sink.close();
  }
}
