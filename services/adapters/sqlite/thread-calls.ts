import { type ErrorKind, LogPulseError } from "../../domain/errors.ts";

/** One end of a channel between threads: a Worker, its parentPort, or a MessagePort. */
export interface ThreadPort {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  on(event: "message", listener: (message: unknown) => void): unknown;
}

/** What a thread offers: functions over values that can be copied between threads. Never protobuf messages: encode them. */
// biome-ignore lint/suspicious/noExplicitAny: each handler has arguments of its own.
export type ThreadHandlers = Record<string, (call: ThreadCall, ...args: any[]) => unknown>;

/** How a handler learns that nobody waits for its answer any more. */
export interface ThreadCall {
  /** Aborted when the caller's signal is: seen by a handler that awaits something. */
  signal: AbortSignal;
  /** The same, for a handler in the middle of a long statement: read from memory that the threads share. */
  isCancelled(): boolean;
}

/** The arguments and the answer of a handler, as its caller sees them. */
type ArgsOf<H> = H extends (call: ThreadCall, ...args: infer Args) => unknown ? Args : never;
type AnswerOf<H> = H extends (...args: never[]) => infer Answer ? Awaited<Answer> : never;

interface CallMessage {
  call: number;
  name: string;
  args: unknown[];
  cancelled: SharedArrayBuffer | undefined;
}

interface FailureMessage {
  kind: ErrorKind | undefined;
  message: string;
  stack: string | undefined;
  metadata: Record<string, string> | undefined;
  cause: unknown;
}

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (reason: unknown) => void;
}

/** Calls functions in another thread; answers come in any order. */
export class ThreadCalls<H extends ThreadHandlers> {
  private readonly port: ThreadPort;
  private readonly waiting = new Map<number, Waiting>();
  private next = 0;
  private failure: Error | undefined;

  constructor(port: ThreadPort) {
    this.port = port;
    port.on("message", (message) =>
      this.onAnswer(message as { answer?: number; value?: unknown; failed?: FailureMessage }),
    );
  }

  /** How many calls wait for their answer. */
  get waitingCount(): number {
    return this.waiting.size;
  }

  /**
   * The handler's answer. Where `signal` is aborted the handler is told, and this rejects at once with the signal's
   * reason, whatever the thread is at.
   *
   * `transfer`: buffers that are given away instead of being copied.
   *
   * @throws what the handler threw: a LogPulseError as one of the same kind.
   */
  call<Name extends keyof H & string>(
    name: Name,
    args: ArgsOf<H[Name]>,
    { signal, transfer = [] }: { signal?: AbortSignal | undefined; transfer?: ArrayBuffer[] } = {},
  ): Promise<AnswerOf<H[Name]>> {
    if (this.failure) return Promise.reject(this.failure);
    if (signal?.aborted) return Promise.reject(signal.reason);
    const call = this.next++;
    const cancelled = signal && new SharedArrayBuffer(4);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const cancel = () => {
      this.waiting.delete(call);
      Atomics.store(new Int32Array(cancelled!), 0, 1);
      this.port.postMessage({ cancel: call }, []);
      reject(signal!.reason);
    };
    this.waiting.set(call, { resolve, reject });
    signal?.addEventListener("abort", cancel, { once: true });
    const forget = () => signal?.removeEventListener("abort", cancel);
    promise.then(forget, forget);
    try {
      this.port.postMessage({ call, name, args, cancelled } satisfies CallMessage, transfer);
    } catch (reason) {
      this.waiting.delete(call); // They cannot be copied, so nobody will answer.
      reject(reason);
    }
    return promise as Promise<AnswerOf<H[Name]>>;
  }

  /** The thread is gone: every call that waits, and every later one, rejects with that. */
  fail(reason: Error): void {
    this.failure ??= reason;
    for (const { reject } of this.waiting.values()) reject(this.failure);
    this.waiting.clear();
  }

  private onAnswer({ answer, value, failed }: { answer?: number; value?: unknown; failed?: FailureMessage }): void {
    if (answer === undefined) return; // Some other message of this thread.
    const waiting = this.waiting.get(answer);
    if (!waiting) return; // Cancelled meanwhile.
    this.waiting.delete(answer);
    if (failed) waiting.reject(revived(failed));
    else waiting.resolve(value);
  }
}

/** Answers the calls that come in through that port, each as soon as its handler is done. */
export function answerCalls(port: ThreadPort, handlers: ThreadHandlers): void {
  const underWay = new Map<number, AbortController>();
  port.on("message", (message) => {
    const { call, cancel } = message as { call?: number; cancel?: number };
    if (cancel !== undefined) underWay.get(cancel)?.abort(new LogPulseError("cancelled", "the caller has gone"));
    if (call !== undefined) void answer(port, handlers, underWay, message as CallMessage);
  });
}

async function answer(
  port: ThreadPort,
  handlers: ThreadHandlers,
  underWay: Map<number, AbortController>,
  { call, name, args, cancelled }: CallMessage,
): Promise<void> {
  const controller = new AbortController();
  underWay.set(call, controller);
  const flag = cancelled && new Int32Array(cancelled);
  const isCancelled = () => flag !== undefined && Atomics.load(flag, 0) === 1;
  try {
    if (isCancelled()) return; // Nobody waits for it, and it has not begun.
    const handler = handlers[name];
    if (!handler) throw new Error(`the thread has no "${name}"`);
    port.postMessage({ answer: call, value: await handler({ signal: controller.signal, isCancelled }, ...args) }, []);
  } catch (reason) {
    port.postMessage({ answer: call, failed: described(reason) }, []);
  } finally {
    underWay.delete(call);
  }
}

function described(reason: unknown): FailureMessage {
  const error = reason instanceof Error ? reason : new Error(String(reason));
  const ours = error instanceof LogPulseError ? error : undefined;
  const { message, stack } = error;
  // Errors can be copied between threads; of node:sqlite's only the message and the codes matter.
  return { kind: ours?.kind, metadata: ours?.metadata, message, stack, cause: causeOf(error) };
}

function causeOf({ cause }: Error): unknown {
  if (!(cause instanceof Error)) return undefined;
  return { message: cause.message, errcode: "errcode" in cause ? cause.errcode : undefined };
}

function revived({ kind, message, stack, metadata, cause }: FailureMessage): Error {
  const inner = cause as { message: string; errcode: number | undefined } | undefined;
  const revivedCause = inner && Object.assign(new Error(inner.message), { errcode: inner.errcode });
  if (kind) return new LogPulseError(kind, message, { cause: revivedCause, metadata: metadata ?? {} });
  const error = new Error(message, { cause: revivedCause });
  if (stack !== undefined) error.stack = stack;
  return error;
}
