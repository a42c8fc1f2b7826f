import type { Delivery, EventLogReader } from "../../services/ports/event-log.ts";
import type { LogSink } from "../../services/ports/log-sink.ts";

/** Settles a delivery: what a reader calls. */
export type Settle = (delivery: Delivery) => Promise<void>;

/**
 * A crash within a test: from some point on a worker does nothing more, and what it had in hand is never committed. Its
 * loop is then stopped, so that the next worker need not wait for the end of its session in the group.
 */
export class Crash {
  private readonly reached = Promise.withResolvers<void>();

  /** Resolves when the worker has come to that point. */
  get happened(): Promise<void> {
    return this.reached.promise;
  }

  /** That point: the worker never comes past it. Rejects when its loop is stopped. */
  async here(signal: AbortSignal): Promise<never> {
    this.reached.resolve();
    return new Promise((_, reject) => {
      if (signal.aborted) reject(signal.reason);
      else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }

  /** A store that is never reached. */
  beforeStore(sink: LogSink): LogSink {
    return withStore(sink, (_batches, _deadLetters, signal) => this.here(signal));
  }

  /** A delivery that is settled, and not committed any more. */
  beforeCommit(reader: EventLogReader): EventLogReader {
    return withSettle(reader, (settle) => async (delivery) => {
      await settle(delivery);
      await this.here(delivery.signal);
    });
  }
}

/** The same reader with something in front of what it calls. */
export function withSettle(reader: EventLogReader, change: (settle: Settle) => Settle): EventLogReader {
  return { read: (group, settle) => reader.read(group, change(settle)) };
}

/** The same store with another way to store. */
export function withStore(sink: LogSink, store: LogSink["store"]): LogSink {
  return {
    name: sink.name,
    prepare: () => sink.prepare(),
    store,
    check: () => sink.check(),
    close: () => sink.close(),
  };
}
