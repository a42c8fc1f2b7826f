import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import mysql from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { uploadBatches } from "../clients/upload-batches.ts";
import { LogBatchSchema } from "../gen/logpulse/v1/log_batch_pb.ts";
import { kafkaJsClient } from "../services/adapters/kafka/kafkajs-client.ts";
import { newProducer } from "../services/ports/build-logged-batch.ts";
import { makeLogger } from "../services/runtime/logger.ts";
import { type RunningElasticsearch, startElasticsearch } from "../stack/elasticsearch.ts";
import { eventually } from "./eventually.ts";
import { type FullMode, startFullMode } from "./full-mode.ts";
import { realServers } from "./real-servers.ts";
import { StoredIdentities } from "./stored-identities.ts";

const servers = realServers();
const RECORDS = 500;
const UNCACHED = { LOGPULSE_STATS_TTL_HOUR_S: "0", LOGPULSE_STATS_TTL_DAY_S: "0", LOGPULSE_STATS_TTL_WEEK_S: "0" };

/** As docs/OPERATING.md tells it: a store is put back, its consumer group set back, and the log brings what is missing. */
describe.runIf(servers)("a store that is put back", { timeout: 240_000 }, () => {
  let full: FullMode;
  let stored: StoredIdentities;
  let elasticsearch: RunningElasticsearch;
  let snapshots: string;
  const producer = newProducer();
  const beganMs = Date.now();
  let uploaded = 0;

  beforeAll(async () => {
    snapshots = mkdtempSync(join(tmpdir(), "logpulse-snapshots-"));
    elasticsearch = await startElasticsearch({ settings: { "path.repo": snapshots }, heapMiB: 512 });
    const ours = { ...servers!, elasticsearchUrl: elasticsearch.url };
    full = await startFullMode(ours, { LOGPULSE_RATE_LIMIT: "off", ...UNCACHED });
    stored = new StoredIdentities(ours, full);
    await upload();
  }, 180_000);
  afterAll(async () => {
    await stored?.close();
    await full?.stop();
    await elasticsearch?.remove();
    if (snapshots) rmSync(snapshots, { recursive: true, force: true });
  }, 60_000);

  const upload = async () => {
    const http = { status: 200, path: "/back-up" };
    const records = Array.from({ length: RECORDS }, (_, index) => ({ message: `record ${uploaded + index}`, http }));
    const [producerId, firstSeq] = [Buffer.from(producer, "hex"), BigInt(uploaded)];
    const batch = create(LogBatchSchema, { producerId, firstSeq, records });
    const { accepted } = await uploadBatches(full.address, [toBinary(LogBatchSchema, batch)]);
    expect(Number(accepted)).toBe(RECORDS);
    uploaded += RECORDS;
    await Promise.all([holdsAll(() => stored.inElasticsearch()), holdsAll(() => stored.inMysql())]);
  };
  const holdsAll = async (identities: () => Promise<string[]>) => {
    const expected = Array.from({ length: uploaded }, (_, seq) => `${producer}-${seq}`).sort();
    const found = await eventually(identities, (ids) => ids.length >= uploaded, 60_000);
    expect(found.sort()).toEqual(expected);
  };
  const countsRequests = async () => {
    const at = (ms: number) => new Date(ms).toISOString();
    const range = `start_time=${at(beganMs - 60_000)}&end_time=${at(Date.now() + 60_000)}`;
    const answer = await fetch(`${full.url}/v1/stats/traffic?${range}`);
    return ((await answer.json()) as { coverage?: { recordsCounted?: number } }).coverage?.recordsCounted;
  };
  /** What `kafka-consumer-groups.sh --reset-offsets --to-earliest` does; the group's worker does not run. */
  const readAgain = async (store: string) => {
    const connection = { brokers: servers!.kafkaBrokers, clientId: "back-up" };
    const admin = kafkaJsClient(connection, makeLogger("silent")).admin();
    await admin.connect();
    try {
      const { topicPrefix } = full.names;
      await admin.resetOffsets({ groupId: `${topicPrefix}-${store}`, topic: `${topicPrefix}-batches`, earliest: true });
    } finally {
      await admin.disconnect();
    }
  };

  it("Elasticsearch, from a snapshot: holds all that was acknowledged, once", async () => {
    const client = stored.elasticsearch;
    await client.snapshot.createRepository({
      name: "back-up",
      repository: { type: "fs", settings: { location: snapshots } },
    });
    const indices = `${full.names.indexPrefix}-*`;
    const snapshot = { repository: "back-up", snapshot: `of-${uploaded}`, wait_for_completion: true };
    await client.snapshot.create({ ...snapshot, indices });
    const before = uploaded;
    await upload();

    const worker = full.roles.get("worker-elasticsearch")!;
    await worker.stop();
    const lost = Object.keys(await client.indices.get({ index: indices, expand_wildcards: "all" }));
    expect(lost).toContain(`${full.names.indexPrefix}-state`);
    await client.indices.delete({ index: lost });
    await client.snapshot.restore({ ...snapshot, indices });
    expect(Object.keys(await client.indices.get({ index: indices, expand_wildcards: "all" })).sort()).toEqual(
      lost.sort(),
    );
    expect(await stored.inElasticsearch()).toHaveLength(before);
    await readAgain("elasticsearch");
    await worker.restart();
    await holdsAll(() => stored.inElasticsearch());
  });

  it("MySQL, from a dump of one moment: holds all that was acknowledged, once, and so do its statistics", async () => {
    const numbers = { supportBigNumbers: true, bigNumberStrings: true }; // A double has no room for nanoseconds.
    const connection = await mysql.createConnection({ uri: full.names.mysqlUrl, ...numbers });
    try {
      const before = uploaded;
      const tables = await dumpOf(connection);
      await upload();
      await eventually(countsRequests, (requests) => requests === uploaded);

      const worker = full.roles.get("worker-mysql")!;
      await worker.stop();
      await putBack(connection, tables);
      expect(await dumpOf(connection)).toEqual(tables);
      expect(await stored.inMysql()).toHaveLength(before);
      await eventually(countsRequests, (requests) => requests === before);
      await readAgain("mysql");
      await worker.restart();
      await holdsAll(() => stored.inMysql());
      await eventually(countsRequests, (requests) => requests === uploaded);
      await upload(); // The worker goes on, and nothing that was read again is counted again.
      await eventually(countsRequests, (requests) => requests === uploaded);
    } finally {
      await connection.end();
    }
  });
});

/** All rows of all tables, by table, of one moment. */
async function dumpOf(connection: mysql.Connection): Promise<Map<string, mysql.RowDataPacket[]>> {
  const [tables] = await connection.query<mysql.RowDataPacket[]>(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()",
  );
  await connection.query("START TRANSACTION WITH CONSISTENT SNAPSHOT");
  const dump = new Map<string, mysql.RowDataPacket[]>();
  for (const { name } of tables) {
    const [rows] = await connection.query<mysql.RowDataPacket[]>({ sql: `SELECT * FROM ${name}`, rowsAsArray: true });
    dump.set(name, rows);
  }
  await connection.query("COMMIT");
  return dump;
}

async function putBack(connection: mysql.Connection, dump: Map<string, mysql.RowDataPacket[]>): Promise<void> {
  for (const [name, rows] of dump) {
    await connection.query(`DELETE FROM ${name}`);
    if (rows.length > 0) await connection.query(`INSERT INTO ${name} VALUES ?`, [rows]);
  }
}
