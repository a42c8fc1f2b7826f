import { createServer } from "node:net";

/** Below Linux's range for outgoing connections (32768–60999): none of those can take the port before the server does. */
const PORT_MIN = 20_000;
const PORT_MAX = 31_999;
const TRIES_MAX = 200;

/** Whether a server could listen on 127.0.0.1:`port` at this moment. */
export async function portIsFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * A port of 127.0.0.1, from 20000 to 31999, on which nothing listens. Drawn by chance, so test processes that look at the
 * same time rarely find the same one; one call never names a port that an earlier call of this process named.
 *
 * @throws Error after 200 draws without a free one.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN + 1));
    if (given.has(port)) continue;
    given.add(port); // Before the first await: two calls at once must not draw the same port.
    if (await portIsFree(port)) return port;
  }
  throw new Error(`no free port from ${PORT_MIN} to ${PORT_MAX} in ${TRIES_MAX} draws`);
}

const given = new Set<number>();
