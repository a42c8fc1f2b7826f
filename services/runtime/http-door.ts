import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { LogPulseError } from "../domain/errors.ts";
import {
  HTTP_HEADERS_BYTES_MAX,
  HTTP_HEADERS_MS_MAX,
  HTTP_KEEP_ALIVE_MS_MAX,
  HTTP_REQUEST_MS_MAX,
} from "../domain/limits.ts";
import type { HttpMount } from "./connect-mount.ts";
import type { hostCheck } from "./host-check.ts";
import { HttpRefusal, sendAnswer, sendError } from "./http-answer.ts";
import type { Log } from "./logger.ts";
import type { ProcessMetrics } from "./process-metrics.ts";
import type { Readiness } from "./readiness.ts";
import { toOriginForm } from "./rest/request-target.ts";
import { toStatus, toStatusJson } from "./rpc-status.ts";

/** What answers on the HTTP/1.1 side. */
export interface HttpDoorParts {
  connect: HttpMount;
  /** May throw HttpRefusal. */
  rest: HttpMount;
  readiness: Readiness;
  /** The services of the process, by full name. */
  services: ReadonlySet<string>;
  /** Absent: there is no /metrics. */
  metrics?: ProcessMetrics;
  checkHost: ReturnType<typeof hostCheck>;
  log: Log;
  /** How long a request's headers may take, in milliseconds. */
  headersMsMax?: number;
}

/**
 * The HTTP/1.1 side: Connect and gRPC-Web; REST; `GET /healthz` (the process lives), `GET /readyz` (all parts answer now),
 * `GET /servingz` (every service takes calls, by the rule of gRPC health: what a load balancer of this side goes by),
 * `GET /metrics` (for Prometheus); and for anything else a 404 that says what is here. It has Node's own guards against clients that never finish.
 */
export function httpDoor(parts: HttpDoorParts): Server {
  const headersTimeout = parts.headersMsMax ?? HTTP_HEADERS_MS_MAX;
  const options = {
    maxHeaderSize: HTTP_HEADERS_BYTES_MAX,
    headersTimeout,
    requestTimeout: HTTP_REQUEST_MS_MAX,
    connectionsCheckingInterval: Math.ceil(headersTimeout / 4),
    keepAliveTimeout: HTTP_KEEP_ALIVE_MS_MAX,
    noDelay: true,
  };
  const owed = new WeakMap<Duplex, ServerResponse>();
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    owed.set(request.socket, response);
    if (parts.readiness.isStopping) response.shouldKeepAlive = false;
    answer(parts, request, response).catch((reason: unknown) => fail(parts.log, response, reason));
  };
  // What a client expects beside "100-continue" is no reason for Node's bare 417.
  return createServer(options, onRequest)
    .on("checkExpectation", onRequest)
    .on("clientError", (reason: NodeJS.ErrnoException, socket) => {
      const response = owed.get(socket);
      const isOwed = response?.req.complete === true && !response.writableEnded;
      if (isOwed && socket.writable && reason.code?.startsWith("HPE_")) return answerThenClose(response, socket);
      refuse(reason, socket);
    });
}

/** What stands behind a request is no HTTP. The request itself is one, and may be carried out: its answer goes first. */
function answerThenClose(response: ServerResponse, socket: Duplex): void {
  response.shouldKeepAlive = false;
  response.once("close", () => socket.destroy());
}

async function answer(parts: HttpDoorParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  toOriginForm(request);
  refuseManyHosts(request);
  const path = request.url?.split("?", 1)[0];
  const isRead = request.method === "GET" || request.method === "HEAD";
  // Before the check of Host: a load balancer asks under a name of its own, and the answer tells nobody anything.
  if (isRead && path === "/healthz") return sendAnswer(response, 200, "text/plain", "ok");
  parts.checkHost({ host: request.headers.host, origin: request.headers.origin });
  if (isRead && path === "/readyz") return tellReadiness(parts.readiness, response);
  if (isRead && path === "/servingz") return tellServing(parts, response);
  if (isRead && path === "/metrics" && parts.metrics) return tellMetrics(parts.metrics, response);
  if (!parts.connect(request, response) && !parts.rest(request, response)) throw notServed(request);
}

async function tellReadiness(readiness: Readiness, response: ServerResponse): Promise<void> {
  const notReady = await readiness.look();
  const ready = notReady.length === 0;
  sendAnswer(response, ready ? 200 : 503, "application/json", JSON.stringify({ ready, notReady }));
}

/** By the last look: 200 while every service is serving, 503 otherwise and once the process has announced that it stops. */
function tellServing({ readiness, services }: HttpDoorParts, response: ServerResponse): void {
  const notServing = readiness.notServing(services);
  const serving = !readiness.isStopping && notServing.length === 0; // There may be no service that could stop.
  sendAnswer(response, serving ? 200 : 503, "application/json", JSON.stringify({ serving, notServing }));
}

async function tellMetrics(metrics: ProcessMetrics, response: ServerResponse): Promise<void> {
  sendAnswer(response, 200, metrics.contentType, await metrics.page());
}

/** RFC 9112 §3.2. Of two of them somebody else may believe the other one. */
function refuseManyHosts({ rawHeaders }: IncomingMessage): void {
  const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === "host");
  if (hosts.length > 1) throw new LogPulseError("invalid_request", `the request has ${hosts.length} Host headers`);
}

function notServed({ method, url }: IncomingMessage): HttpRefusal {
  const rpc = "gRPC, gRPC-Web and Connect (POST /<package.Service>/<Method>)";
  const here = `${rpc}, REST (the routes in docs/rest.md), GET /healthz, /readyz, /servingz, /metrics`;
  return HttpRefusal.unknownPath(`what is served here is ${here}; not ${method} ${url}`);
}

function fail(log: Log, response: ServerResponse, reason: unknown): void {
  const ours = reason instanceof LogPulseError || reason instanceof HttpRefusal;
  if (!ours) log.error({ err: reason }, "an HTTP request failed by a fault of ours");
  if (response.headersSent) return void response.destroy();
  sendError(response, reason instanceof HttpRefusal ? reason : toStatus(reason));
}

/** What Node's parser refuses, by its own names; everything else is a bad request. */
const REFUSALS: Record<string, string> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

function refuse(reason: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || reason.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const statusLine = REFUSALS[reason.code ?? ""] ?? "400 Bad Request";
  const body = toStatusJson(toStatus(new LogPulseError("invalid_request", `${statusLine}: ${reason.message}`)));
  const headers = `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close`;
  socket.end(`HTTP/1.1 ${statusLine}\r\n${headers}\r\n\r\n${body}`, () => socket.destroy());
}
