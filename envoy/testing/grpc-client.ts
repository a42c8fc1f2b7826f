import type { DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import { grpcDefinition } from "./grpc-definition.ts";

/** What a call came to: the status always, the message where it succeeded. */
export interface GrpcOutcome<M extends DescMethod> {
  message: MessageShape<M["output"]> | undefined;
  status: grpc.StatusObject;
}

/** A client-streaming call under way. */
export interface OpenStream<M extends DescMethod> {
  send(message: MessageInitShape<M["input"]>): void;
  end(): void;
  readonly outcome: Promise<GrpcOutcome<M>>;
}

/** A native gRPC client on one HTTP/2 connection of its own. Its calls never reject: they resolve to their outcome. */
export class GrpcClient {
  readonly #client: grpc.Client;

  /** @param authority The name by which the server is called, where it is not its address. */
  constructor(port: number, authority?: string) {
    this.#client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
      "grpc.use_local_subchannel_pool": 1, // A connection that no other client of this process shares.
      "grpc.max_receive_message_length": -1,
      "grpc.enable_retries": 0, // Every retry that is seen is Envoy's.
      ...(authority === undefined ? {} : { "grpc.default_authority": authority }),
    });
  }

  /** Calls a unary method, with a deadline of 20 s. */
  call<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    headers: Record<string, string> = {},
  ): Promise<GrpcOutcome<M>> {
    const { path, requestSerialize, responseDeserialize } = grpcDefinition(method);
    const { outcome, done, follow } = outcomeOf<M>();
    const options = { deadline: Date.now() + 20_000 };
    const metadata = metadataOf(headers);
    follow(
      this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request as object,
        metadata,
        options,
        done,
      ),
    );
    return outcome;
  }

  /** Opens a client-streaming call, with the deadline that is given or none. */
  open<M extends DescMethod>(method: M, deadlineMs = Number.POSITIVE_INFINITY): OpenStream<M> {
    const { path, requestSerialize, responseDeserialize } = grpcDefinition(method);
    const { outcome, done, follow } = outcomeOf<M>();
    const options = { deadline: Date.now() + deadlineMs };
    const metadata = new grpc.Metadata();
    const stream = this.#client.makeClientStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      metadata,
      options,
      done,
    );
    stream.on("error", () => undefined); // The status tells it too.
    follow(stream);
    return { send: (message) => void stream.write(message as object), end: () => void stream.end(), outcome };
  }

  close(): void {
    this.#client.close();
  }
}

/** Puts together what grpc-js tells in two places: the message by the callback, the status by an event. */
function outcomeOf<M extends DescMethod>() {
  const { promise: outcome, resolve } = Promise.withResolvers<GrpcOutcome<M>>();
  let message: GrpcOutcome<M>["message"];
  return {
    outcome,
    done: (_error: grpc.ServiceError | null, answered?: object) => {
      message = answered as GrpcOutcome<M>["message"];
    },
    // The callback comes in the same turn as the status, before or after it.
    follow: (call: grpc.ClientUnaryCall | grpc.ClientWritableStream<object>) =>
      void call.on("status", (status: grpc.StatusObject) => setImmediate(() => resolve({ message, status }))),
  };
}

function metadataOf(headers: Record<string, string>): grpc.Metadata {
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return metadata;
}
