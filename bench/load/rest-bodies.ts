import { createHash } from "node:crypto";
import { corpus, numbers } from "../embedded/corpus.ts";
import { SEEDS } from "../measure/seeds.ts";

/** The routes of REST that take records. */
export const REST_ROUTES = { "/logs": 1, "/upload": 100 } as const; // Records of a call.
export type RestRoute = keyof typeof REST_ROUTES;

const BODIES = 64;

/** A few different bodies for a route, as a log API takes them: one record, or a hundred lines of an access log. */
export function restBodies(route: RestRoute, startMs: number): string[] {
  return route === "/logs" ? recordBodies(startMs) : lineBodies(startMs);
}

/** A hash of what is sent, with its times left out: the same in every run. */
export function restDataHash(route: RestRoute): string {
  const hash = createHash("sha256");
  for (const body of restBodies(route, 1_700_000_000_000)) hash.update(body);
  return hash.digest("hex");
}

function recordBodies(startMs: number): string[] {
  return corpus(BODIES, startMs).map(({ timeMs, service, level, message }) =>
    JSON.stringify({ service_name: service, level, message, timestamp: new Date(timeMs).toISOString() }),
  );
}

function lineBodies(startMs: number): string[] {
  const number = numbers(SEEDS.requests);
  const line = (index: number) => {
    const time = new Date(startMs + index).toISOString();
    const path = `/api/v1/items/${number() % 5_000}?page=${number() % 40}`;
    const status = [200, 200, 200, 200, 201, 304, 404, 500][number() % 8];
    return `${time} 10.0.${number() % 250}.${number() % 250} GET ${path} ${status} ${number() % 900}ms`;
  };
  return Array.from({ length: BODIES }, (_, body) =>
    JSON.stringify(Array.from({ length: REST_ROUTES["/upload"] }, (_, index) => line(100 * body + index))),
  );
}
