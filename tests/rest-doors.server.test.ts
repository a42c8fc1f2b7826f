import { connect } from "node:http2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EmbeddedInstallation, startEmbedded } from "./embedded-installation.ts";
import { eventually } from "./eventually.ts";
import { type FullMode, startFullMode } from "./full-mode.ts";
import { realServers } from "./real-servers.ts";
import { DIFFERENCES } from "./rest-doors/differences.ts";
import { compare, Door, type DoorAnswer, type DoorRequest, get, post } from "./rest-doors/door.ts";
import { GROUPS } from "./rest-doors/groups.ts";

/** Of both modes: a limit that only the last test reaches, and answers that are never old. */
const SETTINGS = {
  LOGPULSE_RATE_LIMIT: "on",
  LOGPULSE_RATE_PER_SECOND: "1",
  LOGPULSE_RATE_BURST: "30000",
  LOGPULSE_STATS_TTL_HOUR_S: "0",
  LOGPULSE_STATS_TTL_DAY_S: "0",
  LOGPULSE_STATS_TTL_WEEK_S: "0",
};

const servers = realServers();

/** The same requests, good and bad, to Envoy in front of the full mode and to the door in the process. */
describe.runIf(servers)("REST through Envoy and REST in the process", () => {
  let full: FullMode;
  let embedded: EmbeddedInstallation;
  let envoy: Door;
  let ours: Door;

  beforeAll(async () => {
    [full, embedded] = await Promise.all([startFullMode(servers!, SETTINGS), startEmbedded(SETTINGS)]);
    envoy = new Door(full.envoy.port);
    ours = new Door(embedded.process.port);
    for (const door of [envoy, ours]) await seed(door);
  });
  afterAll(async () => {
    envoy?.close();
    ours?.close();
    await Promise.all([full?.stop(), embedded?.stop()]);
  });

  it.each(GROUPS)("answer alike: %s", async (_name, requests) => {
    const surprises: unknown[] = [];
    for (const request of requests) {
      const [one, other] = await Promise.all([envoy.ask(request), ours.ask(request)]);
      if (!isAsListed(request, one, other)) surprises.push(shown(request, one, other));
    }
    expect(surprises).toEqual([]);
  });

  it("answer alike to one who is over the limit: 429, with Retry-After and the same details", async () => {
    const record = post("/logs", '{"message":"one too many"}');
    const batch = post("/v1/logs:write", JSON.stringify({ records: Array.from({ length: 10_000 }, () => ({})) }));
    const details = async (door: Door) => {
      for (let calls = 0; calls < 6; calls += 1) await door.ask(batch);
      const { status, headers, body } = await door.ask(record);
      const { code, details } = body as { code: number; details: { "@type": string }[] };
      return [status, Number(headers["retry-after"]) > 0, code, details.map((detail) => detail["@type"]).sort()];
    };
    const limited = await details(envoy);
    expect(limited).toMatchObject([429, true, 8, { length: 3 }]);
    expect(await details(ours)).toEqual(limited);
  });

  it("differ on HTTP/2, which is gRPC's in the process", async () => {
    const { envoy: expected, ours: own } = DIFFERENCES.http_1_1;
    expect(expected).toContain(await http2Status(full.address));
    expect(own).toContain(await http2Status(embedded.address));
  });

  it("both still serve", async () => {
    for (const door of [envoy, ours]) expect((await door.ask(get("/ping"))).status).toBe(200);
    for (const role of [...full.roles.values(), embedded.process]) expect(role.alive()).toBe(true);
  });
});

/** Writes records that the requests ask for; resolves when all of them are found. */
async function seed(door: Door): Promise<void> {
  const record = (level: string, second: number) =>
    post("/logs", JSON.stringify({ service_name: "seed", level, message: "seeded", timestamp: secondOf(second) }));
  const first = await door.ask(record("ERROR", 0));
  door.id = (first.body as { id: string }).id;
  await door.ask(record("Warning", 1));
  const line = (second: number, rest: string) => `${secondOf(second)} 10.1.1.1 ${rest}`;
  await door.ask(post("/upload", JSON.stringify([line(2, "GET /cart 200 10ms"), line(3, "POST /pay 404 20ms")])));
  const found = (path: string, holds: (body: unknown) => boolean) =>
    eventually(
      () => door.ask(get(path)),
      ({ body }) => holds(body),
    );
  await found("/logs/search?q=seeded", (body) => (body as { count: number }).count === 2);
  await found("/logs/$ID", (body) => (body as { message: string }).message === "seeded");
  await found("/logs?ip=10.1.1.1", (body) => (body as { data: unknown[] }).data?.length === 2);
  await found("/v1/logs:search", (body) => (body as { logs: unknown[] }).logs?.length === 4);
}

const startedMs = Date.now();

/** A time in the last hour, for the statistics; the same for both doors. */
function secondOf(second: number): string {
  return new Date(startedMs - 60_000 + second * 1_000).toISOString();
}

/** Do the answers differ as the request says, and in nothing else? */
function isAsListed({ differs, method }: DoorRequest, envoy: DoorAnswer, ours: DoorAnswer): boolean {
  const found = compare(envoy, ours, method);
  if (differs === undefined) return found === "same";
  const allowed: { envoy: readonly number[]; ours: readonly number[] } = DIFFERENCES[differs];
  const isListed = allowed.envoy.includes(envoy.status) && allowed.ours.includes(ours.status);
  const isAllowed = differs !== "other_method" || ours.headers.allow !== undefined;
  return isListed && isAllowed && found === (differs === "words" ? "other_words" : "other_answer");
}

function shown(request: DoorRequest, envoy: DoorAnswer, ours: DoorAnswer): object {
  const cut = (value: unknown) => (JSON.stringify(value) ?? "").slice(0, 300);
  const { method, path, body, headers, differs } = request;
  const answer = ({ status, headers, body }: DoorAnswer) => `${status} ${headers["content-type"]} ${cut(body)}`;
  return {
    request: `${method} ${path.slice(0, 200)} ${cut(body?.toString())} ${cut(headers)}`,
    differs,
    envoy: answer(envoy),
    ours: answer(ours),
  };
}

async function http2Status(address: string): Promise<number> {
  const session = connect(`http://${address}`);
  try {
    const stream = session.request({ ":path": "/ping" });
    return await new Promise((resolve, reject) => {
      stream.on("response", (headers) => resolve(Number(headers[":status"]))).on("error", reject);
    });
  } finally {
    session.destroy();
  }
}
