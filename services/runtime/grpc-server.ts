import type { Http2Server, ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { type ConnectionInjector, Server, ServerCredentials } from "@grpc/grpc-js";
import {
  CONNECTION_IDLE_MS_MAX,
  CONNECTION_PING_ANSWER_MS_MAX,
  CONNECTION_PING_MS,
  CONNECTION_WINDOW_BYTES,
  GRPC_MESSAGE_BYTES_MAX,
  STREAM_WINDOW_BYTES,
  STREAMS_PER_CONNECTION_MAX,
} from "../domain/limits.ts";
import type { CallDesk } from "./call-desk.ts";
import { type GrpcMethod, grpcInterceptor, serviceDefinition } from "./grpc-mount.ts";
import { countableGrpcTimeout } from "./request-timeout.ts";
import { StreamShares } from "./stream-shares.ts";

/** The HTTP/2 side of the port: takes connections that were accepted elsewhere. */
export class GrpcServer {
  private readonly server: Server;
  private readonly injector: ConnectionInjector;

  constructor(methods: readonly GrpcMethod[], desk: CallDesk) {
    const shares = new StreamShares(desk.isTrustedProxy);
    this.server = new Server({
      "grpc.max_receive_message_length": GRPC_MESSAGE_BYTES_MAX,
      "grpc.max_send_message_length": -1,
      "grpc.max_concurrent_streams": STREAMS_PER_CONNECTION_MAX,
      "grpc.keepalive_time_ms": CONNECTION_PING_MS,
      "grpc.keepalive_timeout_ms": CONNECTION_PING_ANSWER_MS_MAX,
      "grpc.max_connection_idle_ms": CONNECTION_IDLE_MS_MAX,
      "grpc.enable_channelz": 0, // Nobody reads it, and it costs on every call.
      interceptors: [grpcInterceptor(methods, desk, shares)],
    });
    this.server.addService(serviceDefinition(methods), {});
    this.injector = this.server.createConnectionInjector(ServerCredentials.createInsecure());
    const http2Server = http2ServerOf(this.server);
    http2Server.on("session", (session) => {
      shares.add(session);
      widenWindows(session, shares.of(session));
    });
    http2Server.prependListener("stream", (_, headers) => {
      const timeout = headers["grpc-timeout"];
      if (typeof timeout === "string") headers["grpc-timeout"] = countableGrpcTimeout(timeout);
    });
  }

  /** Serves a connection whose first bytes are HTTP/2's. */
  serve(socket: Socket): void {
    // A peer that has closed its side is gone: HTTP/2 has its own way to say that no more requests come.
    socket.allowHalfOpen = false;
    this.injector.injectConnection(socket);
  }

  /**
   * Says GOAWAY on every connection: calls in flight go on, new ones are made elsewhere. It names the last call that
   * came in, so a client knows which of its calls nobody has seen and may be sent again. (A first GOAWAY that only
   * announces, as other servers send it, is not to be had: Node's HTTP/2 takes no call after any GOAWAY.)
   */
  goAway(): void {
    for (const session of sessionsOf(this.server)) if (!session.closed && !session.destroyed) session.close();
  }

  /** Ends every connection. */
  destroy(): void {
    this.server.forceShutdown();
  }
}

/**
 * Node's own windows of 64 KiB hold a client on a long line to one of them per round trip. Wider ones are what a client
 * may send ahead of us, so they are also what a stream that is not read costs in memory.
 */
function widenWindows(session: ServerHttp2Session, maxConcurrentStreams: number): void {
  session.settings({ initialWindowSize: STREAM_WINDOW_BYTES, maxConcurrentStreams });
  session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
}

/**
 * grpc-js 1.14 has no option for windows, and its drain only for ports that it opened itself; the servers and sessions
 * behind them are a private field of it. A version without that field fails here, at start, and in the tests.
 */
interface Http2Servers {
  http2Servers: Map<Http2Server, { sessions: Set<ServerHttp2Session> }>;
}

function http2ServerOf(server: Server): Http2Server {
  const [http2Server] = (server as unknown as Http2Servers).http2Servers.keys();
  if (http2Server === undefined) throw new Error("grpc-js has no HTTP/2 server for its connection injector");
  return http2Server;
}

function sessionsOf(server: Server): ServerHttp2Session[] {
  return [...(server as unknown as Http2Servers).http2Servers.values()].flatMap(({ sessions }) => [...sessions]);
}
