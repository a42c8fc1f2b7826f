import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeBatches, uploadBatches } from "../clients/upload-batches.ts";
import type { LogRecord } from "../gen/logpulse/v1/log_record_pb.ts";
import { makeUuidV7 } from "../services/domain/identity.ts";
import { combinedLine } from "../services/domain/lines/combined-line.ts";
import { isRecord } from "../services/domain/lines/line-format.ts";
import { msToNanos, nanosToTimestamp, timestampToNanos } from "../services/domain/record-time.ts";
import { startEmbedded } from "./embedded-installation.ts";
import { eventually } from "./eventually.ts";
import { fullInstallation } from "./full-installation.ts";
import type { Installation } from "./installation.ts";
import { realServers } from "./real-servers.ts";

const ACCESS_LOG = join(import.meta.dirname, "..", "..", "shared", "data", "apache_access.log");
const UNCACHED = { LOGPULSE_STATS_TTL_HOUR_S: "0", LOGPULSE_STATS_TTL_DAY_S: "0", LOGPULSE_STATS_TTL_WEEK_S: "0" };
const NEWEST_AGO_MS = 10 * 60_000;

const servers = realServers();
const haveFile = existsSync(ACCESS_LOG);
if (!haveFile) {
  const message = "SKIPPED: apache_access.log with 10,000 real access lines is not beside this repository";
  if (process.env.CI) throw new Error(message);
  console.warn(message);
}

/** The real lines, moved so that the newest is some minutes old, each with a latency: statistics then see them. */
function recentRecords(): LogRecord[] {
  const lines = readFileSync(ACCESS_LOG, "utf8").split("\n").filter(Boolean);
  const context = { service: "apache", nowMs: Date.now(), offsetMinutes: () => 0 };
  const records = lines.map((line) => combinedLine.read(line, context)).filter(isRecord);
  expect(records).toHaveLength(lines.length);
  const newest = records.map(({ time }) => timestampToNanos(time!)).reduce((a, b) => (a > b ? a : b));
  const move = msToNanos(Date.now() - NEWEST_AGO_MS) - newest;
  records.forEach((record, index) => {
    record.time = nanosToTimestamp(timestampToNanos(record.time!) + move + BigInt(index % 3));
    record.http!.latency = create(DurationSchema, { nanos: ((index * 7919) % 900) * 1_000_000 });
  });
  return records;
}

/** What each mode decides for itself. */
function comparable(body: unknown): unknown {
  const own = new Set(["receivedTime", "watermark"]);
  return JSON.parse(JSON.stringify(body, (key, value) => (own.has(key) ? "own" : value)));
}

describe.runIf(servers && haveFile)("10,000 real access lines, in both modes", () => {
  let full: Installation;
  let embedded: Installation;
  const producerId = makeUuidV7(Date.now(), randomBytes(10));
  const producer = Buffer.from(producerId).toString("hex");

  beforeAll(async () => {
    [full, embedded] = await Promise.all([fullInstallation(servers!)(UNCACHED), startEmbedded(UNCACHED)]);
    const batches = [...encodeBatches(producerId, recentRecords(), 250)];
    for (const { address, stores } of [full, embedded]) {
      expect(await uploadBatches(address, batches)).toMatchObject({ accepted: 10_000n });
      const counts = () => Promise.all(stores.map(async (store) => (await store.identities()).length));
      await eventually(counts, (each) => each.every((count) => count === 10_000), 60_000);
    }
  }, 180_000);
  afterAll(async () => {
    await embedded?.stop();
    await full?.stop();
  });

  const ask = async (path: string): Promise<unknown[]> =>
    Promise.all(
      [full, embedded].map(async ({ url }) => {
        const answer = await fetch(url + path, { signal: AbortSignal.timeout(20_000) });
        return { status: answer.status, body: comparable(await answer.json()) };
      }),
    );
  const same = async (path: string) => {
    const [one, other] = await ask(path);
    expect(other).toEqual(one);
    return one as { status: number; body: { data?: unknown[]; logs?: { id: string }[]; nextPageToken?: string } };
  };

  it.each([
    "",
    "?limit=1000",
    "?limit=1000&offset=9500",
    "?status=404&limit=1000",
    "?status=500",
    "?method=post",
    "?method=HEAD&limit=500",
    "?path=kibana&limit=1000",
    `?path=${encodeURIComponent("%")}`,
    "?path=/&ip=66.249.73.135&limit=1000",
    "?path=_&limit=100",
    "?status=301&method=get&offset=20",
    "?limit=5001",
    "?status=x",
  ])("GET /logs%s", async (query) => {
    const { status } = await same(`/logs${query}`);
    expect(status).toBe(/5001|=x/.test(query) ? 400 : 200);
  });

  it.each([
    "?q=kibana",
    "?q=apache&level=WARN",
    "?q=googlebot%20rss",
    "?level=error",
    "?level=INFO",
    "?q=66.249.73.135",
    "?q=nothing_like_this",
    "?q=%22presentations%2Flogstash%22",
  ])("GET /logs/search%s", async (query) => void (await same(`/logs/search${query}`)));

  it.each([
    "phrase=kibana-search.png&pageSize=1000",
    "words=mozilla+linux&pageSize=500",
    "service=apache&level=ERROR&pageSize=1000",
    "words=get&phrase=HTTP/1.1&pageSize=1000",
    "service=none",
  ])("GET /v1/logs:search?%s", async (query) => {
    expect((await same(`/v1/logs:search?${query}`)).status).toBe(200);
  });

  it.each([
    "logs:search?query=status>=400 -ip:66.249.73.135&pageSize=1000",
    "logs:search?query=path~kibana (status:200 OR status:304)&order=ORDER_OLDEST_FIRST&pageSize=300",
    "logs:search?query=agent~Googlebot rss*&pageSize=100",
    "logs:search?query=NOT (level:info OR method:get)",
    "logs:search?query=latency>800 latency<=850ms&pageSize=1000",
    "logs:search?query=servce:apache",
    "logs:histogram?query=service:apache&bucketsMax=100",
    "logs:histogram?query=level>info&bucketWidth=3600s",
    "logs:facets?fields=status&fields=method&fields=level&fields=path&fields=agent&fields=referer&fields=ip&valuesMax=100",
    "logs:facets?query=status:404&fields=path&fields=bytes&fields=latency&valuesMax=50",
    "logs:fields?query=service:apache",
    `logs/${producer}-5000:context?before=30&after=30`,
    "query:parse?query=(a OR b",
  ])("GET /v1/%s", async (path) => {
    const [route, query = ""] = path.split("?");
    const parameters = new URLSearchParams(query.replaceAll("+", "%2B"));
    const { status, body } = await same(`/v1/${route}?${parameters}`);
    expect(status).toBe(path.includes("servce") ? 400 : 200);
    expect(JSON.stringify(body).length).toBeGreaterThan(100);
  });

  it.each([
    "errors?step=STATS_STEP_HOUR&grouping=STATS_GROUPING_PATH&groupsMax=100",
    "latency?step=STATS_STEP_DAY&grouping=STATS_GROUPING_SERVICE_AND_PATH&groupsMax=500&previousPeriod=true",
    "traffic?grouping=STATS_GROUPING_SERVICE&step=STATS_STEP_HOUR",
    "latency?path=/favicon.ico&service=apache",
    "errors?service=nobody",
  ])("GET /v1/stats/%s", async (path) => {
    const now = Date.now();
    const times = `startTime=${new Date(now - 5 * 86_400_000).toISOString()}&endTime=${new Date(now).toISOString()}`;
    const found = await same(`/v1/stats/${path}&${times}`);
    expect(JSON.stringify(found.body)).toMatch(path.includes("nobody") ? /"requests":0/ : /[1-9]/);
  });

  it("GET /v1/logs:search, page by page to the end", async () => {
    const ids = await Promise.all(
      [full, embedded].map(async ({ url }) => {
        const found: string[] = [];
        let pageToken = "";
        do {
          const answer = await fetch(`${url}/v1/logs:search?service=apache&pageSize=999&pageToken=${pageToken}`);
          const page = (await answer.json()) as { logs: { id: string }[]; nextPageToken: string };
          found.push(...page.logs.map(({ id }) => id));
          pageToken = page.nextPageToken;
        } while (pageToken !== "");
        return found;
      }),
    );
    expect(ids[0]).toHaveLength(10_000);
    expect(new Set(ids[0]).size).toBe(10_000);
    expect(ids[1]).toEqual(ids[0]);
  });

  it("GET /logs/{id} and /v1/logs/{id}, of every hundredth record and of none", async () => {
    for (let seq = 0; seq <= 10_000; seq += 100) {
      const [short, whole] = [await same(`/logs/${producer}-${seq}`), await same(`/v1/logs/${producer}-${seq}`)];
      expect([short.status, whole.status]).toEqual(seq < 10_000 ? [200, 200] : [404, 404]);
    }
  });

  it.each(["latency", "errors", "traffic"])("GET /stats?type=%s", async (type) => {
    for (const range of ["hour", "day", "week"]) {
      // The window moves with the clock: a minute may pass between the two answers.
      const answers = await eventually(
        () => ask(`/stats?type=${type}&range=${range}`),
        ([one, other]) => JSON.stringify(one) === JSON.stringify(other),
        5_000,
      );
      expect(answers[0]).toMatchObject({ status: 200, body: { type } });
      expect(JSON.stringify(answers[0])).toMatch(/[1-9]/);
    }
  });
});
