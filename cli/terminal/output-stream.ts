import type { Writable } from "node:stream";
import { CommandFailure, EXIT } from "../exit-code.ts";
import { OutputClosed } from "./terminal.ts";

/** Standard output: a stream whose end and whose failures are told to those who write. */
export class OutputStream {
  private readonly stream: Writable;
  private failure: Error | undefined;
  private waiting = new Set<() => void>();

  constructor(stream: Writable) {
    this.stream = stream;
    stream.on("error", (reason: NodeJS.ErrnoException) => this.fail(reason));
    stream.on("close", () => this.fail(new OutputClosed()));
    stream.on("drain", () => this.wake());
  }

  /**
   * Resolves when there is room for more.
   *
   * @throws OutputClosed where nobody reads any more; CommandFailure where it cannot be written (a full disk).
   */
  async write(text: string): Promise<void> {
    this.requireWhole();
    if (this.stream.write(text)) return;
    while (this.stream.writableNeedDrain && !this.failure)
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    this.requireWhole();
  }

  /** Resolves when everything was handed to the system. @throws as `write`. */
  async flush(): Promise<void> {
    if (this.stream.writableLength > 0 && !this.failure) {
      await new Promise<void>((resolve) => {
        this.waiting.add(resolve);
        this.stream.write("", () => resolve());
      });
    }
    this.requireWhole();
  }

  /** @throws as `write`, where anything could not be written. A stream knows that before it emits "error". */
  private requireWhole(): void {
    if (this.stream.errored) this.fail(this.stream.errored);
    if (this.failure) throw this.failure;
  }

  private fail(reason: NodeJS.ErrnoException): void {
    const isClosed = ["EPIPE", "ECONNRESET", "ERR_STREAM_DESTROYED"].includes(reason.code ?? "");
    this.failure ??=
      reason instanceof OutputClosed || isClosed
        ? new OutputClosed("nobody reads the output")
        : new CommandFailure(EXIT.failed, `the output cannot be written: ${reason.message}`);
    this.wake();
  }

  private wake(): void {
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const resolve of waiting) resolve();
  }
}
