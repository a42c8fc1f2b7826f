import type { SeededRandom } from "./seeded-random.ts";

/** One request as an access log tells of it. */
export interface DrawnAccess {
  clientIp: string;
  method: string;
  path: string;
  status: number;
  latencyMs: number;
}

/** Shares of all requests, each from 0 to 1. */
export interface ErrorShares {
  clientErrors: number;
  serverErrors: number;
}

const CLIENTS = 2_000;
const PRODUCTS = 50;
const LATENCY_SPREAD = 0.6;
const LATENCY_MS_MAX = 60_000;

/** A shop. `{product}`: one of a few numbers, so that statistics by path have few hundred series at most. */
const ROUTES = [
  { method: "GET", path: "/", weight: 18, medianMs: 12 },
  { method: "GET", path: "/products", weight: 16, medianMs: 25 },
  { method: "GET", path: "/products/{product}", weight: 20, medianMs: 18 },
  { method: "GET", path: "/search?q={product}", weight: 8, medianMs: 70 },
  { method: "GET", path: "/static/app.js", weight: 12, medianMs: 3 },
  { method: "GET", path: "/cart", weight: 8, medianMs: 15 },
  { method: "POST", path: "/cart", weight: 6, medianMs: 30 },
  { method: "DELETE", path: "/cart/{product}", weight: 2, medianMs: 22 },
  { method: "POST", path: "/login", weight: 5, medianMs: 120 },
  { method: "PUT", path: "/profile", weight: 2, medianMs: 40 },
  { method: "POST", path: "/checkout", weight: 3, medianMs: 250 },
];
const CLIENT_ERRORS = [
  { status: 404, weight: 10, slowness: 0.5 },
  { status: 400, weight: 4, slowness: 0.4 },
  { status: 401, weight: 3, slowness: 0.4 },
  { status: 403, weight: 2, slowness: 0.4 },
  { status: 429, weight: 1, slowness: 0.1 },
];
const SERVER_ERRORS = [
  { status: 500, weight: 6, slowness: 2 },
  { status: 503, weight: 3, slowness: 0.3 },
  { status: 502, weight: 2, slowness: 4 },
  { status: 504, weight: 1, slowness: 60 },
];
const SUCCESS_OF: Readonly<Record<string, number>> = { POST: 201, DELETE: 204 };
const NOT_MODIFIED_SHARE = 0.08; // Of what is read.

/** Draws one request; some clients and routes come more often than others. */
export function drawAccess(random: SeededRandom, shares: ErrorShares): DrawnAccess {
  const route = random.pickWeighted(ROUTES);
  const { status, slowness } = drawOutcome(random, route.method, shares);
  return {
    clientIp: clientIp(Math.floor(random.next() ** 2 * CLIENTS)),
    method: route.method,
    path: route.path.replace("{product}", String(1 + random.below(PRODUCTS))),
    status,
    latencyMs: Math.min(LATENCY_MS_MAX, Math.round(random.around(route.medianMs * slowness, LATENCY_SPREAD))),
  };
}

function drawOutcome(random: SeededRandom, method: string, { clientErrors, serverErrors }: ErrorShares) {
  const drawn = random.next();
  if (drawn < serverErrors) return random.pickWeighted(SERVER_ERRORS);
  if (drawn < serverErrors + clientErrors) return random.pickWeighted(CLIENT_ERRORS);
  if (method === "GET" && random.chance(NOT_MODIFIED_SHARE)) return { status: 304, slowness: 0.3 };
  return { status: SUCCESS_OF[method] ?? 200, slowness: 1 };
}

function clientIp(client: number): string {
  return `10.20.${Math.floor(client / 250)}.${1 + (client % 250)}`;
}

/** `<RFC 3339 time> <client address> <method> <path> <status> <latency>ms`, as `POST /upload` takes it. */
export function writeAccessLine(timeMs: number, { clientIp, method, path, status, latencyMs }: DrawnAccess): string {
  return `${new Date(timeMs).toISOString()} ${clientIp} ${method} ${path} ${status} ${latencyMs}ms`;
}
