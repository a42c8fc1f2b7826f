import type { Server as HttpServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import {
  ANSWERS_UNSENT_BYTES_MAX,
  CALLS_ABORT_SHARE,
  CALLS_DRAIN_SHARE,
  CALLS_IN_FLIGHT_MAX,
  CONNECTIONS_CLOSE_SHARE,
  CONNECTIONS_MAX,
  DECOMPRESSIONS_AT_ONCE_MAX,
  HEALTH_REFRESH_MS,
  PROTOCOL_SNIFF_MS_MAX,
  READY_CHECK_MS_MAX,
  RECEIVED_BYTES_MAX,
  REST_ANSWER_MS_MAX,
  REST_STREAM_OPEN_MS_MAX,
  SSE_HEARTBEAT_MS,
  STREAM_IDLE_MS_MAX,
  STREAM_QUIET_MS_MAX,
} from "../domain/limits.ts";
import type { Metric } from "../ports/metrics.ts";
import type { ServiceHandlers } from "../ports/service-handlers.ts";
import type { CallDesk } from "./call-desk.ts";
import { CallsInFlight } from "./calls-in-flight.ts";
import { clientAddressRule, trustedProxyRule } from "./client-address.ts";
import { connectMount } from "./connect-mount.ts";
import { Decompression } from "./decompression.ts";
import type { DescriptorIndex } from "./descriptor-index.ts";
import { grpcMethods } from "./grpc-mount.ts";
import { GrpcServer } from "./grpc-server.ts";
import { healthMethods } from "./health.ts";
import { hostCheck } from "./host-check.ts";
import { httpDoor } from "./http-door.ts";
import type { Log } from "./logger.ts";
import type { ProcessMetrics } from "./process-metrics.ts";
import { sniffProtocol } from "./protocol-sniffer.ts";
import { Readiness, type ReadinessCheck } from "./readiness.ts";
import { ReceivedBytes } from "./received-bytes.ts";
import { reflectionMethods } from "./reflection.ts";
import { restMount } from "./rest/rest-mount.ts";
import type { Part } from "./shutdown.ts";
import { UnsentAnswers } from "./unsent-answers.ts";

/** What the server serves and how. */
export interface ServerSettings {
  /** The address to listen on: "127.0.0.1", "0.0.0.0", "::". */
  host: string;
  /** 0: any that is free; `address` says which. */
  port: number;
  /** Whose records come in and are seen. */
  tenant: string;
  services: readonly ServiceHandlers[];
  checks: readonly ReadinessCheck[];
  /** Served at /metrics, with what the server itself knows. Absent: nothing is. */
  metrics?: ProcessMetrics;
  log: Log;
  /** Names, without port, that browsers may use beside this machine's own; looked at on loopback only. */
  allowedHosts: readonly string[];
  /** Addresses and ranges of proxies that are believed about who called them. */
  trustedProxies: readonly string[];
  /** The contract, for reflection; absent: no reflection. */
  reflection?: DescriptorIndex;
  /** True where traces are made: handlers are told how a call came in, and of which trace it is part. */
  tellsCaller?: boolean;
  /** How long the whole process may take to stop, behind its notice; most of it is for calls in flight. */
  drainMsMax: number;
  /** The usual limits are those of domain/limits.ts; tests have smaller ones. */
  limits?: Partial<ServerLimits>;
}

/** Limits of the server, in the words of domain/limits.ts. */
export interface ServerLimits {
  callsMax: number;
  connectionsMax: number;
  headersMsMax: number;
  healthRefreshMs: number;
  readyCheckMsMax: number;
  receivedBytesMax: number;
  restAnswerMsMax: number;
  restStreamOpenMsMax: number;
  sniffMsMax: number;
  sseHeartbeatMs: number;
  streamIdleMsMax: number;
  streamQuietMsMax: number;
}

/**
 * One port for everything: gRPC (HTTP/2 without TLS) on grpc-js, Connect, gRPC-Web, REST and plain HTTP on Node's
 * HTTP/1.1 server, told apart by a connection's first three bytes. The same handlers answer on all of them.
 */
export class LogPulseServer implements Part {
  readonly name = "server";
  private readonly settings: ServerSettings;
  private readonly calls: CallsInFlight;
  private readonly received: ReceivedBytes;
  private readonly readiness: Readiness;
  private readonly grpc: GrpcServer;
  private readonly http: HttpServer;
  private readonly sockets = new Set<Socket>();
  private readonly undecided = new Set<Socket>();
  private refreshTimer: NodeJS.Timeout | undefined;

  constructor(settings: ServerSettings) {
    const { services, log, tenant, limits = {} } = settings;
    this.settings = settings;
    this.calls = new CallsInFlight(limits.callsMax ?? CALLS_IN_FLIGHT_MAX);
    this.received = new ReceivedBytes(limits.receivedBytesMax ?? RECEIVED_BYTES_MAX);
    this.readiness = new Readiness(settings.checks, limits.readyCheckMsMax ?? READY_CHECK_MS_MAX);
    const isTrustedProxy = trustedProxyRule(settings.trustedProxies);
    const desk: CallDesk = {
      tenant,
      log,
      calls: this.calls,
      received: this.received,
      decompression: new Decompression(DECOMPRESSIONS_AT_ONCE_MAX),
      unsent: new UnsentAnswers(ANSWERS_UNSENT_BYTES_MAX),
      clientAddress: clientAddressRule(isTrustedProxy),
      isTrustedProxy,
      tellsCaller: settings.tellsCaller ?? false,
      streamIdleMsMax: limits.streamIdleMsMax ?? STREAM_IDLE_MS_MAX,
      streamQuietMsMax: limits.streamQuietMsMax ?? STREAM_QUIET_MS_MAX,
    };
    settings.metrics?.add(...this.ownMetrics());
    const names = new Set(services.map(({ service }) => service.typeName));
    const reflection = settings.reflection ? reflectionMethods(settings.reflection, names) : [];
    this.grpc = new GrpcServer(
      [...grpcMethods(services), ...healthMethods(this.readiness, names), ...reflection],
      desk,
    );
    this.http = httpDoor({
      connect: connectMount(services, desk),
      rest: restMount(services, desk, {
        answerMsMax: limits.restAnswerMsMax ?? REST_ANSWER_MS_MAX,
        openMsMax: limits.restStreamOpenMsMax ?? REST_STREAM_OPEN_MS_MAX,
        heartbeatMs: limits.sseHeartbeatMs ?? SSE_HEARTBEAT_MS,
      }),
      readiness: this.readiness,
      services: names,
      metrics: settings.metrics,
      checkHost: hostCheck(settings.host, settings.allowedHosts),
      log,
      headersMsMax: limits.headersMsMax,
    });
    this.http.maxConnections = limits.connectionsMax ?? CONNECTIONS_MAX;
    this.putSnifferBefore(this.http, limits.sniffMsMax ?? PROTOCOL_SNIFF_MS_MAX);
  }

  /** Where it listens. Only while it does. */
  get address(): AddressInfo {
    return this.http.address() as AddressInfo;
  }

  /** False before it has started, and once it stops. */
  get isListening(): boolean {
    return this.http.listening;
  }

  /** How many calls handlers work on. */
  get callsInFlight(): number {
    return this.calls.count;
  }

  /** How many bytes of requests are held that no handler has taken over. */
  get receivedBytes(): number {
    return this.received.held;
  }

  /** Resolves when connections are accepted. @throws Error if the port is taken. */
  async start(): Promise<void> {
    const { host, port, log, limits = {} } = this.settings;
    const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
    this.http.once("error", reject).listen({ host, port }, resolve);
    await listening;
    this.http.off("error", reject).on("error", (reason) => log.error({ err: reason }, "the listening socket failed"));
    const refresh = () => void this.readiness.look();
    this.refreshTimer = setInterval(refresh, limits.healthRefreshMs ?? HEALTH_REFRESH_MS);
    refresh();
    log.info({ address: this.address.address, port: this.address.port }, "listening");
  }

  /**
   * Health says NOT_SERVING on every protocol, and answers of HTTP/1.1 are the last of their connection; nothing else
   * changes. A balancer that sees it sends its callers elsewhere before `stop` would refuse them.
   */
  announceStop(): void {
    this.readiness.announceStop();
  }

  /**
   * Tells everybody that it stops (health NOT_SERVING, no new connections, GOAWAY, each call's `stopping`), waits for
   * the calls in flight, then aborts what is left, and closes all connections.
   */
  async stop(): Promise<void> {
    const { drainMsMax, log } = this.settings;
    clearInterval(this.refreshTimer);
    this.readiness.drain();
    await turn(); // Those who watch our health hear of it before their calls end.
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    this.http.close(() => resolve()); // Its error says that it never listened: nothing to wait for either.
    for (const socket of this.undecided) socket.destroy();
    this.grpc.goAway();
    const left = await this.calls.drain(drainMsMax * CALLS_DRAIN_SHARE, drainMsMax * CALLS_ABORT_SHARE);
    if (left > 0) log.error({ calls: left }, "calls in flight did not end, although aborted: cut off");
    this.http.closeIdleConnections();
    await this.socketsClosed(drainMsMax * CONNECTIONS_CLOSE_SHARE);
    this.grpc.destroy();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private ownMetrics(): Metric[] {
    const gauge = (name: string, help: string, now: () => number): Metric => {
      return { name, help, kind: "gauge", read: () => [{ value: now() }] };
    };
    return [
      {
        name: "logpulse_calls_refused_total",
        help: "Calls refused before any handler saw them: too many were in flight, or the process was stopping.",
        kind: "counter",
        read: () => [{ value: this.calls.refused }],
      },
      gauge("logpulse_calls_in_flight", "Calls that handlers work on.", () => this.calls.count),
      gauge("logpulse_received_bytes", "Bytes of requests that are held and not taken over.", () => this.received.held),
      gauge("logpulse_connections", "Open connections.", () => this.sockets.size),
    ];
  }

  /** All calls have been answered: lets the answers leave, and clients that were told to go close their connections. */
  private async socketsClosed(msMax: number): Promise<void> {
    const endMs = performance.now() + msMax;
    while (this.sockets.size > 0 && performance.now() < endMs) await sleep(5);
  }

  /** The HTTP server listens, so that its guards and its count of connections see every socket; we look first. */
  private putSnifferBefore(http: HttpServer, msMax: number): void {
    const [serveHttp] = http.listeners("connection") as ((socket: Socket) => void)[];
    if (serveHttp === undefined) throw new Error("Node's HTTP server has no listener for connections");
    http.removeAllListeners("connection").on("connection", (socket: Socket) => {
      this.sockets.add(socket);
      this.undecided.add(socket);
      socket.once("close", () => {
        this.sockets.delete(socket);
        this.undecided.delete(socket);
      });
      sniffProtocol(socket, msMax, (isHttp2) => {
        this.undecided.delete(socket);
        if (isHttp2) this.grpc.serve(socket);
        else serveHttp.call(http, socket);
      });
    });
  }
}
