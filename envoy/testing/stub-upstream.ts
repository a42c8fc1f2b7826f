import { createServer as createHttpServer } from "node:http";
import { createServer, type Socket } from "node:net";
import type { DescMessage, DescMethod, MessageShape } from "@bufbuild/protobuf";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import { ConnectError } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import * as grpc from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import { IngestService } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { QueryService } from "../../gen/logpulse/v1/query_service_pb.ts";
import { StatsService } from "../../gen/logpulse/v1/stats_service_pb.ts";
import { statusOf } from "./stub-status.ts";

/** One call as it reached a stub. */
export interface StubCall {
  /** "grpc": over HTTP/2 on grpc-js. "http1": Connect or gRPC-Web on connect-node. */
  readonly protocol: "grpc" | "http1";
  /** The request messages, as they arrive. One for a unary call. */
  readonly messages: AsyncIterable<unknown>;
  /** A request header, in lower case. */
  header(name: string): string | undefined;
  /** Sends the response headers now, so that an error after it is no Trailers-Only any more. Native gRPC only. */
  sendHeaders(headers?: Record<string, string>): void;
}

type Answer = (call: StubCall) => Promise<object> | AsyncIterable<object>;

const SERVICES = [IngestService, QueryService, StatsService];

/**
 * What stands behind Envoy in these tests: one port that answers native gRPC by grpc-js and HTTP/1.1 by connect-node, the
 * way the real roles do. Every method answers with an empty message until `answer` says otherwise.
 */
export class StubUpstream {
  /** The methods called, "WriteLog", in the order of arrival. */
  readonly calls: string[] = [];
  readonly #answers = new Map<string, Answer>();
  readonly #sockets = new Set<Socket>();
  readonly #health = new HealthImplementation({});
  readonly #grpcServer = new grpc.Server({ "grpc.max_receive_message_length": 64 * 1024 * 1024 });
  readonly #http = createHttpServer();
  readonly #listener = createServer((socket) => this.#sniff(socket));
  #injector: ReturnType<grpc.Server["createConnectionInjector"]> | undefined;
  #ready = true;
  #port = 0;

  constructor() {
    for (const service of SERVICES) this.add(service.methods);
    this.#health.addToServer(this.#grpcServer);
    this.#http.on("request", connectNodeAdapter({ routes: (router) => this.#connectRoutes(router), fallback: (request, response) => {
      const isHealthCheck = request.url === "/readyz";
      if (!isHealthCheck) this.calls.push(`${request.method} ${request.url}`);
      response.writeHead(isHealthCheck && this.#ready ? 200 : 503).end();
    } }));
    this.setReady(true);
  }

  /** Starts to listen on 127.0.0.1, on this port or on the one that was reserved. */
  async start(port = this.#port): Promise<number> {
    this.#port = port;
    this.#injector = this.#grpcServer.createConnectionInjector(grpc.ServerCredentials.createInsecure());
    await new Promise<void>((resolve, reject) => {
      this.#listener.once("error", reject);
      this.#listener.listen(port, "127.0.0.1", resolve);
    });
    return port;
  }

  /** Keeps the port in mind for a later start. */
  reserve(port: number): number {
    this.#port = port;
    return port;
  }

  /** From now on this method answers so; returns the stub. */
  answer(method: DescMethod, answer: Answer): this {
    this.#answers.set(`${method.parent.typeName}/${method.name}`, answer);
    return this;
  }

  /** All methods answer with empty messages again, and no call is remembered. */
  reset(): void {
    this.#answers.clear();
    this.calls.length = 0;
    this.setReady(true);
  }

  /** What both health checks say. */
  setReady(ready: boolean): void {
    this.#ready = ready;
    for (const service of SERVICES) this.#health.setStatus(service.typeName, ready ? "SERVING" : "NOT_SERVING");
  }

  /** As `kill -9` looks from outside: every connection is reset, the port is closed. */
  async kill(): Promise<void> {
    const closed = new Promise((resolve) => this.#listener.close(resolve));
    for (const socket of this.#sockets) socket.resetAndDestroy();
    this.#grpcServer.forceShutdown();
    await closed;
  }

  /** Adds methods of a service, also one that only a test has. */
  add(methods: readonly DescMethod[]): void {
    const definitions: Record<string, grpc.MethodDefinition<unknown, unknown>> = {};
    const handlers: grpc.UntypedServiceImplementation = {};
    for (const method of methods) {
      definitions[method.localName] = grpcDefinition(method);
      handlers[method.localName] = this.#grpcHandler(method);
    }
    this.#grpcServer.addService(definitions, handlers);
  }

  #grpcHandler(method: DescMethod): grpc.UntypedHandleCall {
    const answer = async (call: AnyServerCall, done?: grpc.sendUnaryData<unknown>) => {
      try {
        const answered = this.#run(method, grpcCall(call));
        if (done) return done(null, await answered);
        for await (const message of answered as AsyncIterable<object>) (call as grpc.ServerWritableStream<unknown, unknown>).write(message);
        (call as grpc.ServerWritableStream<unknown, unknown>).end();
      } catch (reason) {
        const status = statusOf(reason);
        if (done) done(status);
        else (call as grpc.ServerWritableStream<unknown, unknown>).destroy(Object.assign(new Error(status.details), status));
      }
    };
    return answer as unknown as grpc.UntypedHandleCall;
  }

  #run(method: DescMethod, call: StubCall): Promise<object> | AsyncIterable<object> {
    this.calls.push(method.name);
    const answer = this.#answers.get(`${method.parent.typeName}/${method.name}`);
    return answer ? answer(call) : emptyAnswer(method.output, call);
  }

  #connectRoutes(router: ConnectRouter): void {
    for (const service of SERVICES) {
      for (const method of service.methods) {
        router.rpc(method as never, ((request: unknown, context: { requestHeader: Headers }) =>
          this.#run(method, {
            protocol: "http1",
            messages: method.methodKind === "unary" ? one(request) : (request as AsyncIterable<unknown>),
            header: (name) => context.requestHeader.get(name) ?? undefined,
            sendHeaders: () => undefined,
          })) as never);
      }
    }
  }

  #sniff(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    socket.on("error", () => undefined); // Envoy may reset whatever it likes; the calls' own errors are what is tested.
    socket.once("readable", () => {
      const first: Buffer | null = socket.read();
      if (first === null) return;
      socket.unshift(first);
      if (first.toString("latin1", 0, 3) === "PRI") this.#injector?.injectConnection(socket);
      else this.#http.emit("connection", socket);
    });
  }
}

/** A ConnectError is thrown by answers of both protocols. */
export { ConnectError };

type AnyServerCall = grpc.ServerUnaryCall<unknown, unknown> | grpc.ServerReadableStream<unknown, unknown> | grpc.ServerWritableStream<unknown, unknown>;

function grpcCall(call: AnyServerCall): StubCall {
  return {
    protocol: "grpc",
    messages: "request" in call ? one(call.request) : (call as AsyncIterable<unknown>),
    header: (name) => call.metadata.get(name)[0]?.toString(),
    sendHeaders: (headers = {}) => {
      const metadata = new grpc.Metadata();
      for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
      call.sendMetadata(metadata);
    },
  };
}

async function* one(message: unknown): AsyncIterable<unknown> {
  yield message;
}

async function emptyAnswer<T extends DescMessage>(output: T, call: StubCall): Promise<MessageShape<T>> {
  for await (const _ of call.messages); // Reads to the end, as any server does.
  return create(output);
}

/** The grpc-js definition of a method, for servers and clients. */
export function grpcDefinition(method: DescMethod): grpc.MethodDefinition<unknown, unknown> {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming",
    responseStream: method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming",
    requestSerialize: (message) => Buffer.from(toBinary(method.input, create(method.input, message as object))),
    requestDeserialize: (bytes) => fromBinary(method.input, bytes),
    responseSerialize: (message) => Buffer.from(toBinary(method.output, create(method.output, message as object))),
    responseDeserialize: (bytes) => fromBinary(method.output, bytes),
  };
}
