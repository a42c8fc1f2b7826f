import type { DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import { grpcDefinition } from "./stub-upstream.ts";

/** What a call came to: `status` is always there, `message` when it succeeded. */
export interface GrpcOutcome<M extends DescMethod> {
  message: MessageShape<M["output"]> | undefined;
  status: grpc.StatusObject;
}

/** A client-streaming call under way. */
export interface OpenStream<M extends DescMethod> {
  send(message: MessageInitShape<M["input"]>): void;
  end(): void;
  cancel(): void;
  readonly outcome: Promise<GrpcOutcome<M>>;
}

/** A native gRPC client on one HTTP/2 connection of its own. */
export class GrpcClient {
  readonly #client: grpc.Client;

  constructor(port: number) {
    this.#client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
      "grpc.use_local_subchannel_pool": 1, // A connection that no other client of this process shares.
      "grpc.max_receive_message_length": -1,
      "grpc.enable_retries": 0, // Every retry that is seen is Envoy's.
    });
  }

  /** Calls a unary method; never rejects. */
  async call<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    headers: Record<string, string> = {},
    deadlineMs = 20_000,
  ): Promise<GrpcOutcome<M>> {
    const { path, requestSerialize, responseDeserialize } = grpcDefinition(method);
    return outcomeOf<M>((done) =>
      this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadataOf(headers), { deadline: Date.now() + deadlineMs }, done),
    );
  }

  /** Opens a client-streaming call. */
  open<M extends DescMethod>(method: M, headers: Record<string, string> = {}): OpenStream<M> {
    const { path, requestSerialize, responseDeserialize } = grpcDefinition(method);
    let stream: grpc.ClientWritableStream<unknown> | undefined;
    const outcome = outcomeOf<M>((done) => {
      stream = this.#client.makeClientStreamRequest(path, requestSerialize, responseDeserialize, metadataOf(headers), {}, done);
      stream.on("error", () => undefined); // Told by the callback as well.
      return stream;
    });
    return {
      send: (message) => void stream!.write(message),
      end: () => void stream!.end(),
      cancel: () => stream!.cancel(),
      outcome,
    };
  }

  close(): void {
    this.#client.close();
  }
}

type Done = (error: grpc.ServiceError | null, message?: unknown) => void;
type Call = grpc.ClientUnaryCall | grpc.ClientWritableStream<unknown>;

function outcomeOf<M extends DescMethod>(start: (done: Done) => Call): Promise<GrpcOutcome<M>> {
  return new Promise((resolve) => {
    let message: unknown;
    const call = start((_error, answered) => {
      message = answered;
    });
    call.on("status", (status: grpc.StatusObject) => {
      // The callback comes in the same turn, before or after the status.
      setImmediate(() => resolve({ message: message as MessageShape<M["output"]> | undefined, status }));
    });
  });
}

function metadataOf(headers: Record<string, string>): grpc.Metadata {
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return metadata;
}
