import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type mysql from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./eventually.ts";
import { type FullMode, startFullMode } from "./full-mode.ts";
import { realServers } from "./real-servers.ts";
import { StoredIdentities } from "./stored-identities.ts";

const ACCESS_LOG = join(import.meta.dirname, "..", "..", "shared", "data", "apache_access.log");
const UPLOAD = join(import.meta.dirname, "..", "clients", "upload-apache-log.ts");

const servers = realServers();
const haveFile = existsSync(ACCESS_LOG);
if (!haveFile) {
  const message = "SKIPPED: apache_access.log with 10,000 real access lines is not beside this repository";
  if (process.env.CI) throw new Error(message);
  console.warn(message);
}

describe.runIf(servers && haveFile)("10,000 real access lines, uploaded by gRPC client streaming through Envoy", () => {
  let full: FullMode;
  let stored: StoredIdentities;
  let producer = "";

  const untilBothHold = async (records: number) => {
    const counts = async () => [(await stored.inMysql()).length, (await stored.inElasticsearch()).length];
    await eventually(counts, (both) => both.every((count) => count >= records), 60_000);
  };
  const upload = (...more: string[]) =>
    execFileSync(process.execPath, [UPLOAD, ACCESS_LOG, "--addr", full.address, ...more], { encoding: "utf8" });

  beforeAll(async () => {
    full = await startFullMode(servers!);
    stored = new StoredIdentities(servers!, full);
    const output = upload();
    expect(output).toMatch(/^10000 accepted, 0 rejected, 0 lines of another form\n/);
    producer = /producer ([0-9a-f]{32})/.exec(output)![1]!;
    await untilBothHold(10_000);
  });
  afterAll(async () => {
    await stored?.close();
    await full?.stop();
  });

  it("each is in Elasticsearch and in MySQL once, by its identity", async () => {
    const sent = Array.from({ length: 10_000 }, (_, seq) => `${producer}-${seq}`).sort();
    expect((await stored.inElasticsearch()).sort()).toEqual(sent);
    expect((await stored.inMysql()).sort()).toEqual(sent);
  });

  it("uploaded again, adds nothing", async () => {
    upload("--producer", producer, "--batch", "333");
    const marker = upload("--batch", "5000");
    await untilBothHold(20_000);
    expect(marker).toMatch(/^10000 accepted/);
    for (const ids of [await stored.inElasticsearch(), await stored.inMysql()]) {
      expect(ids).toHaveLength(20_000);
      expect(new Set(ids).size).toBe(20_000);
      expect(ids.filter((id) => id.startsWith(producer))).toHaveLength(10_000);
    }
  });

  it("has the counts per status that awk finds", async () => {
    const awk = execFileSync(
      "awk",
      ["{ count[$9]++ } END { for (status in count) print status, count[status] }", ACCESS_LOG],
      { encoding: "utf8" },
    );
    const expected = Object.fromEntries(
      awk
        .trim()
        .split("\n")
        .map((row) => row.split(" ").map(Number) as [number, number]),
    );
    const [rows] = await stored.mysql.query<mysql.RowDataPacket[]>(
      "SELECT status, COUNT(*) AS records FROM records WHERE producer = UNHEX(?) GROUP BY status",
      [producer],
    );
    expect(Object.fromEntries(rows.map((row) => [row.status, Number(row.records)]))).toEqual(expected);
    const { aggregations } = await stored.elasticsearch.search({
      index: `${full.names.indexPrefix}-*`,
      size: 0,
      query: { term: { producer } },
      aggs: { statuses: { terms: { field: "http.status", size: 100 } } },
    });
    const { buckets } = aggregations!.statuses as { buckets: { key: number; doc_count: number }[] };
    expect(Object.fromEntries(buckets.map(({ key, doc_count }) => [key, doc_count]))).toEqual(expected);
    const answer = await fetch(`${full.url}/logs?status=404&limit=1`);
    expect(await answer.json()).toMatchObject({ meta: { total: 2 * expected[404]! } });
  });

  it("comes back byte for byte, and is found by its words", async () => {
    const first = execFileSync("head", ["-1", ACCESS_LOG], { encoding: "utf8" }).trimEnd();
    const byId = await (await fetch(`${full.url}/v1/logs/${producer}-0`)).json();
    expect(byId).toMatchObject({
      log: { record: { message: first, service: "apache", http: { status: 200, responseBytes: "203023" } } },
    });
    const query = `phrase=${encodeURIComponent("kibana-search.png")}&service=apache&pageSize=1000`;
    const answer = await fetch(`${full.url}/v1/logs:search?${query}`);
    const found = (await answer.json()) as { logs: { record: { message: string } }[] };
    expect(found.logs.map((log) => log.record.message)).toContain(first);
  });
});
