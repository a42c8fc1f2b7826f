import { type EmbeddedInstallation, startEmbedded } from "./embedded-installation.ts";
import { eventually } from "./eventually.ts";

/** A service whose name would move a terminal, and set the title of its window. */
export const HOSTILE = "evil\u001b[2J\u001b]0;owned\u0007";

/** Requests by service, path and status, each taking 20 ms. */
const REQUESTS: [service: string, path: string, status: number, count: number][] = [
  ["auth", "/login", 200, 90],
  ["auth", "/login?next=/", 401, 9],
  ["auth", "/logout", 500, 1],
  ["cart", "/cart", 200, 50],
  [HOSTILE, "/evil\u0007", 404, 5],
];

/** The embedded mode with 155 requests of just now, which are counted. */
export async function startWithRequests(): Promise<EmbeddedInstallation> {
  const embedded = await startEmbedded();
  const records = REQUESTS.flatMap(([service, path, status, count]) =>
    Array.from({ length: count }, (_, client) => ({
      time: new Date(Date.now() - 1_000).toISOString(),
      service,
      message: `${path} ${status}`,
      http: { clientIp: `10.0.0.${client}`, method: "GET", path, status, latency: "0.020s", responseBytes: 100 },
    })),
  );
  await fetch(`${embedded.url}/v1/logs:write`, { method: "POST", body: JSON.stringify({ records }) });
  await eventually(
    async () => (await fetch(`${embedded.url}/v1/stats/errors`)).text(),
    (text) => text.includes('"recordsCounted":155'),
  );
  return embedded;
}
