import { createServer as createHttpServer } from "node:http";
import { createServer, type Socket } from "node:net";
import type { DescMethod } from "@bufbuild/protobuf";
import type { ConnectRouter, MethodImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import * as grpc from "@grpc/grpc-js";
import { AdminService } from "../../gen/logpulse/v1/admin_service_pb.ts";
import { IngestService } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { QueryService } from "../../gen/logpulse/v1/query_service_pb.ts";
import { StatsService } from "../../gen/logpulse/v1/stats_service_pb.ts";
import { type Answer, countMessages, type StubCall } from "./stub-call.ts";
import { addHealth, addMethods, one } from "./stub-grpc.ts";

const SERVICES = [IngestService, QueryService, StatsService, AdminService];
const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;

/**
 * What stands behind Envoy in these tests: one port that serves native gRPC by grpc-js and HTTP/1.1 by connect-node, as the
 * real roles do, and that answers exactly what a test wants. Every method answers with an empty message until told
 * otherwise.
 */
export class StubUpstream {
  /** The methods called ("WriteLog"), and requests that are none ("GET /"), in the order of arrival; no health checks. */
  readonly calls: string[] = [];
  readonly #answers = new Map<DescMethod["parent"]["typeName"], Answer>();
  readonly #sockets = new Set<Socket>();
  readonly #grpcServer = new grpc.Server({ "grpc.max_receive_message_length": MESSAGE_BYTES_MAX });
  readonly #injector: ReturnType<grpc.Server["createConnectionInjector"]>;
  readonly #http = createHttpServer();
  readonly #listener = createServer((socket) => this.#sniff(socket));
  #ready = true;
  #port = 0;

  constructor() {
    for (const service of SERVICES) this.add(service.methods);
    addHealth(this.#grpcServer, () => this.#ready);
    this.#injector = this.#grpcServer.createConnectionInjector(grpc.ServerCredentials.createInsecure());
    this.#serveHttp1();
  }

  /** The port that `start` will listen on when it is given none. */
  reserve(port: number): number {
    this.#port = port;
    return port;
  }

  /** Starts to listen on 127.0.0.1; also again, after `kill`. */
  async start(port = this.#port): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#listener.once("error", reject);
      this.#listener.listen(port, "127.0.0.1", resolve);
    });
    return this.reserve(port);
  }

  /** From now on this method answers so. */
  answer(method: DescMethod, answer: Answer): this {
    this.#answers.set(keyOf(method), answer);
    return this;
  }

  /** As after the start: every method answers with an empty message, no call is remembered, both health checks say yes. */
  reset(): void {
    this.#answers.clear();
    this.calls.length = 0;
    this.#ready = true;
  }

  /** What both health checks say. */
  setReady(ready: boolean): void {
    this.#ready = ready;
  }

  /** What `kill -9` looks like from outside: every connection is reset, the port is closed. */
  async kill(): Promise<void> {
    const closed = new Promise((resolve) => this.#listener.close(resolve));
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }

  /** `kill`, for good. */
  async close(): Promise<void> {
    await this.kill();
    this.#grpcServer.forceShutdown();
  }

  /** Serves further methods by gRPC, such as those of a service that only a test has. */
  add(methods: readonly DescMethod[]): void {
    addMethods(this.#grpcServer, methods, (method) => this.#answerTo(method));
  }

  #answerTo(method: DescMethod): Answer {
    this.calls.push(method.name);
    return this.#answers.get(keyOf(method)) ?? answerEmpty;
  }

  #serveHttp1(): void {
    const routes = (router: ConnectRouter) => this.#connectRoutes(router);
    const methods = connectNodeAdapter({ readMaxBytes: MESSAGE_BYTES_MAX, routes });
    this.#http.on("request", (request, response) => {
      if (request.url?.startsWith("/logpulse.v1.")) return methods(request, response);
      const isHealthCheck = request.url === "/servingz"; // Not /readyz, which one store that is away makes 503.
      if (!isHealthCheck) this.calls.push(`${request.method} ${request.url}`);
      response.writeHead(isHealthCheck && this.#ready ? 200 : 503).end();
    });
  }

  #connectRoutes(router: ConnectRouter): void {
    for (const method of SERVICES.flatMap(({ methods }): DescMethod[] => methods)) {
      const serve = (request: unknown, { requestHeader }: { requestHeader: Headers }) => {
        const call: StubCall = {
          protocol: "http1",
          messages: method.methodKind === "unary" ? one(request) : (request as AsyncIterable<unknown>),
          header: (name) => requestHeader.get(name) ?? undefined,
          sendHeaders: () => undefined,
        };
        return this.#answerTo(method)(call);
      };
      router.rpc(method, serve as unknown as MethodImpl<typeof method>);
    }
  }

  #sniff(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    socket.on("error", () => undefined); // Whoever is at the other end may reset it; the calls on it tell.
    socket.once("readable", () => {
      const first: Buffer | null = socket.read();
      if (first === null) return;
      socket.unshift(first);
      if (first.toString("latin1", 0, 3) === "PRI") this.#injector.injectConnection(socket);
      else this.#http.emit("connection", socket);
    });
  }
}

const keyOf = (method: DescMethod) => `${method.parent.typeName}/${method.name}`;

const answerEmpty: Answer = async (call) => {
  await countMessages(call);
  return {};
};
