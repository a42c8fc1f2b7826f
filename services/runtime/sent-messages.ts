import { LogPulseError } from "../domain/errors.ts";

type Taken<T> = { message: T; resolve: () => void; reject: (reason: unknown) => void };
type Asking<T> = { resolve: (result: IteratorResult<T, undefined>) => void; reject: (reason: unknown) => void };

/**
 * Between a handler that sends and a library that takes messages by iteration: one message at a time. Whoever asks for
 * the next one has passed the one before on to the client.
 */
export class SentMessages<T> implements AsyncIterableIterator<T, undefined> {
  private readonly takenMsMax: number;
  private readonly onNotTaken: (reason: LogPulseError) => void;
  private waiting: Taken<T> | undefined; // Sent, and not passed on yet.
  private handed = false; // Whether the library has it.
  private asking: Asking<T> | undefined;
  private ended: { reason?: unknown } | undefined;

  /** `onNotTaken`: a message was not taken for `takenMsMax`, since the client does not read. */
  constructor(takenMsMax: number, onNotTaken: (reason: LogPulseError) => void) {
    this.takenMsMax = takenMsMax;
    this.onNotTaken = onNotTaken;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Resolves when the message was passed on. @throws the reason with which the messages were ended meanwhile. */
  async send(message: T): Promise<void> {
    if (this.ended) throw this.ended.reason;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.waiting = { message, resolve, reject };
    this.handed = false;
    this.hand();
    const timer = setTimeout(() => this.onNotTaken(notRead(this.takenMsMax)), this.takenMsMax);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Asks for the next message; the one before was passed on. Rejects with the reason of the end, if it has one. */
  next(): Promise<IteratorResult<T, undefined>> {
    if (this.handed) {
      this.waiting?.resolve();
      this.waiting = undefined;
      this.handed = false;
    }
    const { promise, resolve, reject } = Promise.withResolvers<IteratorResult<T, undefined>>();
    this.asking = { resolve, reject };
    this.hand();
    return promise;
  }

  /** The library takes no more: the client has hung up. */
  return(): Promise<IteratorResult<T, undefined>> {
    this.end(new LogPulseError("cancelled", "the client hung up"));
    return Promise.resolve({ done: true, value: undefined });
  }

  /** There are no more messages; with `reason`, because something went wrong. Only the first end counts. */
  end(reason?: unknown): void {
    this.ended ??= { reason };
    this.waiting?.reject(reason);
    this.waiting = undefined;
    this.hand();
  }

  private hand(): void {
    const { asking, waiting, ended } = this;
    if (asking === undefined) return;
    if (waiting !== undefined) {
      this.handed = true;
      asking.resolve({ done: false, value: waiting.message });
    } else if (ended?.reason !== undefined) {
      asking.reject(ended.reason);
    } else if (ended !== undefined) {
      asking.resolve({ done: true, value: undefined });
    } else {
      return;
    }
    this.asking = undefined;
  }
}

function notRead(msMax: number): LogPulseError {
  return new LogPulseError("deadline_exceeded", `a message of ours was not read within ${msMax} ms`);
}
