import type { ServerResponse } from "node:http";
import { create, type DescMessage, type MessageInitShape, type MessageShape, toJson } from "@bufbuild/protobuf";
import { type HttpBody, HttpBodySchema } from "../../../gen/google/api/httpbody_pb.ts";
import { LogPulseError } from "../../domain/errors.ts";
import type { OpenCall } from "../calls-in-flight.ts";
import { type RpcStatus, toStatusJson } from "../rpc-status.ts";

/** How long a stream of answers may take over what, in milliseconds. */
export interface StreamTimes {
  /** Until its headers leave, if nothing is sent before. */
  openMsMax: number;
  /** Between two signs of life among server-sent events. */
  heartbeatMs: number;
  /** For the client to read a message. */
  idleMsMax: number;
}

/** A way to write a stream of messages. */
interface StreamForm {
  /** Undefined where the first message says it. */
  contentType: string | undefined;
  message(output: DescMessage, answer: MessageShape<DescMessage>): string | Uint8Array;
  /** Undefined where it cannot be written: the connection is cut off then. */
  error: ((status: string) => string) | undefined;
  heartbeat: string | undefined;
}

/** Ways to write a stream of messages. */
const STREAM_FORMS = {
  /** A line of JSON each. An error is the line {"error": google.rpc.Status}. */
  json_lines: {
    contentType: "application/x-ndjson",
    message: (output, answer) => `${jsonText(output, answer)}\n`,
    error: (status) => `{"error":${status}}\n`,
    heartbeat: undefined,
  },
  /** Server-sent events, as browsers' EventSource reads them. An error is an event of that name. */
  events: {
    contentType: "text/event-stream",
    message: (output, answer) => `data: ${jsonText(output, answer)}\n\n`,
    error: (status) => `event: error\ndata: ${status}\n\n`,
    heartbeat: ":\n\n", // A comment, which nobody sees.
  },
  /** The bytes of google.api.HttpBody, which are no JSON: an error among them would be taken for data. */
  bodies: {
    contentType: undefined,
    message: (_output, answer) => (answer as HttpBody).data,
    error: undefined,
    heartbeat: undefined,
  },
} as const satisfies Record<string, StreamForm>;

/**
 * What a stream of these messages is written as: server-sent events for those who ask for them, lines of JSON for all
 * others; bodies as they are.
 */
export function streamForm(output: DescMessage, accept: string | undefined): keyof typeof STREAM_FORMS {
  if (output.typeName === HttpBodySchema.typeName) return "bodies";
  return /\btext\/event-stream\b/i.test(accept ?? "") ? "events" : "json_lines";
}

/**
 * One stream of answers over HTTP/1.1. Its status is 200 as soon as it is open: an error before that has a status of its
 * own, one behind it is the last thing in the stream.
 */
export class StreamAnswer {
  private readonly response: ServerResponse;
  private readonly output: DescMessage;
  private readonly form: StreamForm;
  private readonly times: StreamTimes;
  private readonly call: OpenCall;
  private readonly openTimer: NodeJS.Timeout | undefined;
  private heartbeatTimer: NodeJS.Timeout | undefined;

  /** `call` is aborted, and the connection cut off, where the client does not read. */
  constructor(
    response: ServerResponse,
    output: DescMessage,
    form: keyof typeof STREAM_FORMS,
    times: StreamTimes,
    call: OpenCall,
  ) {
    this.response = response;
    this.output = output;
    this.form = STREAM_FORMS[form];
    this.times = times;
    this.call = call;
    const { contentType } = this.form;
    if (contentType !== undefined) this.openTimer = setTimeout(() => this.open(contentType), times.openMsMax);
  }

  /** Sends one message. Resolves when the transport has taken it. @throws the reason of an abort. */
  async send(answer: MessageInitShape<DescMessage>): Promise<void> {
    const message = create(this.output, answer);
    const written = this.form.message(this.output, message);
    this.call.signal.throwIfAborted();
    this.open(this.form.contentType ?? (message as HttpBody).contentType);
    this.heartbeatTimer?.refresh();
    if (!this.response.write(written)) await this.drained();
  }

  /** The last message was sent. */
  end(): void {
    this.open(this.form.contentType ?? "application/octet-stream");
    this.response.end();
  }

  /** Ends the stream with an error. False where it is not open yet: then the error is the whole answer. */
  fail(status: RpcStatus): boolean {
    if (!this.response.headersSent) return false;
    if (this.form.error) this.response.end(this.form.error(toStatusJson(status)));
    else this.response.destroy();
    return true;
  }

  private open(contentType: string): void {
    clearTimeout(this.openTimer);
    if (this.response.headersSent) return;
    const headers = { "cache-control": "no-store", "x-content-type-options": "nosniff" };
    this.response.writeHead(200, { "content-type": contentType, ...headers }).flushHeaders();
    if (this.form.heartbeat === undefined) return;
    this.heartbeatTimer = setInterval(() => this.beat(), this.times.heartbeatMs);
    this.beat();
  }

  /** Nothing is sent any more. Whatever ends the stream, its timers must not outlive it. */
  close(): void {
    clearTimeout(this.openTimer);
    clearInterval(this.heartbeatTimer);
  }

  private beat(): void {
    if (this.response.writableNeedDrain)
      this.drained().catch(() => undefined); // Its end is the call's.
    else this.response.write(this.form.heartbeat);
  }

  private async drained(): Promise<void> {
    const { signal } = this.call;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = () => reject(signal.reason);
    const timer = setTimeout(() => this.cutOff(), this.times.idleMsMax);
    this.response.once("drain", resolve);
    signal.addEventListener("abort", onAbort);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.response.off("drain", resolve);
      signal.removeEventListener("abort", onAbort);
    }
  }

  private cutOff(): void {
    const message = `a message of ours was not read within ${this.times.idleMsMax} ms`;
    this.call.abort(new LogPulseError("deadline_exceeded", message));
    this.response.destroy();
  }
}

function jsonText(output: DescMessage, answer: MessageShape<DescMessage>): string {
  return JSON.stringify(toJson(output, answer, { alwaysEmitImplicit: true }));
}
