/** One call as it reached a stub. */
export interface StubCall {
  /** "grpc": over HTTP/2 on grpc-js. "http1": Connect or gRPC-Web on connect-node. */
  readonly protocol: "grpc" | "http1";
  /** The request messages, as they arrive; one for a unary call. */
  readonly messages: AsyncIterable<unknown>;
  /** A request header, by its name in lower case. */
  header(name: string): string | undefined;
  /** Sends the response headers now, so that an error after it is no Trailers-Only any more. Native gRPC only. */
  sendHeaders(): void;
}

/** What a stub does with a call: one message, or a stream of them, or a ConnectError. */
export type Answer = (call: StubCall) => Promise<object> | AsyncIterable<object>;

/** The first message of a call, which its test knows to be a T. */
export async function firstMessage<T>(call: StubCall): Promise<T> {
  for await (const message of call.messages) return message as T;
  throw new Error("no message came");
}

/** Reads the call to its end, as any server does; how many messages there were. */
export async function countMessages(call: StubCall): Promise<number> {
  let count = 0;
  for await (const _ of call.messages) count++;
  return count;
}
