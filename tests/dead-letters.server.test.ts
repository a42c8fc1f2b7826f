import { randomBytes } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AdminService, DeadLetterState } from "../gen/logpulse/v1/admin_service_pb.ts";
import { DeadLetterSchema } from "../gen/logpulse/v1/dead_letter_pb.ts";
import { LogRecordSchema } from "../gen/logpulse/v1/log_record_pb.ts";
import { dayText, producerDay } from "../services/domain/identity.ts";
import { msToNanos, nanosToTimestamp } from "../services/domain/record-time.ts";
import { type BatchToBuild, encodeBatch, newProducer } from "../services/ports/build-logged-batch.ts";
import { DeadLettersOf, topicsOf } from "./dead-letters-of.ts";
import { eventually } from "./eventually.ts";
import { type FullMode, startFullMode } from "./full-mode.ts";
import { realServers } from "./real-servers.ts";
import { StoredIdentities } from "./stored-identities.ts";

const DAY_MS = 86_400_000;
const OPEN = "DEAD_LETTER_STATE_OPEN";
const STORED = "DEAD_LETTER_STATE_STORED";
const UNCACHED = { LOGPULSE_STATS_TTL_HOUR_S: "0", LOGPULSE_STATS_TTL_DAY_S: "0", LOGPULSE_STATS_TTL_WEEK_S: "0" };

const servers = realServers();

describe.runIf(servers)("dead letters, from the log to the stores and back, through Envoy", () => {
  let full: FullMode;
  let deadLetters: DeadLettersOf;
  let topics: ReturnType<typeof topicsOf>;
  let stored: StoredIdentities;

  beforeAll(async () => {
    full = await startFullMode(servers!, UNCACHED);
    deadLetters = new DeadLettersOf(full);
    topics = topicsOf(servers!, full);
    stored = new StoredIdentities(servers!, full);
  });
  afterAll(async () => {
    await Promise.all([topics?.close(), stored?.close()]);
    await full?.stop();
  });

  /** Past ingest, which would let none of these pass. */
  const append = (...batches: (Uint8Array | Omit<BatchToBuild, "tenant">)[]) =>
    topics.batches.append(
      0,
      batches.map((batch) => (batch instanceof Uint8Array ? batch : encodeBatch({ tenant: "default", ...batch }))),
    );
  const write = async (batch: object): Promise<{ accepted: number; rejects: object[] }> => {
    const send = () => fetch(`${full.url}/v1/logs:write`, { method: "POST", body: JSON.stringify(batch) });
    const answer = await eventually(send, ({ status }) => status !== 503); // As a client does.
    expect(answer.status).toBe(200);
    return (await answer.json()) as { accepted: number; rejects: object[] };
  };
  const found = async (query: string): Promise<string[]> => {
    const answer = await fetch(`${full.url}/v1/logs:search?${query}`);
    const { logs } = (await answer.json()) as { logs: { record: { message: string } }[] };
    return logs.map(({ record }) => record.message).sort();
  };
  const untilFound = (query: string, messages: string[]) =>
    eventually(
      () => found(query),
      (all) => JSON.stringify(all) === JSON.stringify(messages.toSorted()),
    );
  const messageById = async (id: string): Promise<string | undefined> => {
    const answer = await fetch(`${full.url}/v1/logs/${id}`);
    const { log } = (await answer.json()) as { log?: { record: { message: string } } };
    return log?.record.message;
  };
  const untilStored = (id: string) =>
    eventually(
      () => messageById(id),
      (message) => message !== undefined,
    );
  const errors = async (): Promise<Record<string, number>> => {
    const answer = await fetch(`${full.url}/stats?type=errors&range=hour`);
    return ((await answer.json()) as { data: Record<string, number> }).data;
  };
  const newService = () => `service-${randomBytes(4).toString("hex")}`;

  it("poison on the topic is listed by its place, for both stores, and the partition goes on", async () => {
    const service = newService();
    const poison = [
      Buffer.alloc(300, 0xff),
      new Uint8Array(0),
      toBinary(LogRecordSchema, create(LogRecordSchema, { message: "a record is no batch", http: { status: 200 } })),
    ];
    const producer = newProducer();
    const before = Number((await deadLetters.list("filter.reason=undecodable")).total);
    await append(...poison, { producer, records: [] }, { producer, records: [{ service, message: "behind it" }] });
    await untilFound(`service=${service}`, ["behind it"]);
    await untilStored(`${producer}-0`);
    await deadLetters.listed("filter.reason=undecodable", before + 6);
    for (const store of ["mysql", "elasticsearch"]) {
      const { letters } = await deadLetters.list(`filter.reason=undecodable&filter.store=${store}&pageSize=3`);
      const newest = letters.toSorted((a, b) => Number(a.letter.offset) - Number(b.letter.offset));
      expect(newest.map(({ letter }) => letter.original)).toEqual(
        poison.map((bytes) => Buffer.from(bytes).toString("base64")),
      );
      expect(newest[0]).toMatchObject({ state: OPEN, letter: { store, tenant: "", id: "" }, originalBytes: "300" });
      expect(newest[0]!.letter.detail).not.toBe("");
      const key = newest[0]!.key;
      expect(await deadLetters.replay({ key })).toMatchObject({
        tried: "1",
        refused: "1",
        refusals: [{ reason: "undecodable" }],
      });
    }
  });

  it("what is no dead letter on their topic is listed too, and those behind it", async () => {
    const id = `${newProducer()}-0`;
    const letter = { store: "mysql", tenant: "default", id, reason: "by_hand", original: Buffer.from([1]) };
    const before = Number((await deadLetters.list("filter.store=dead-letters")).total);
    await topics.keepDeadLetters([
      Buffer.from("no letter at all"),
      new Uint8Array(0),
      toBinary(DeadLetterSchema, create(DeadLetterSchema, letter)),
    ]);
    await deadLetters.listed(`filter.id=${id}`, 1);
    const [listed] = await deadLetters.listed("filter.store=dead-letters", before + 1);
    expect(Buffer.from(listed!.letter.original, "base64").toString()).toBe("no letter at all");
    const { refused, refusals } = await deadLetters.replay({ key: listed!.key });
    expect([refused, refusals[0]!.reason]).toEqual(["1", "unknown_store"]);
  });

  it("a record that one store refuses is listed by store and reason; its neighbours and the other store have theirs", async () => {
    const service = newService();
    const producer = newProducer();
    const records = [
      { service, message: "good" },
      { service, message: "too long a level for MySQL", severityText: "x".repeat(65) },
      { service, message: "good too" },
    ];
    await append({ producer, records });
    await untilFound(
      `service=${service}`,
      records.map(({ message }) => message),
    );
    const [letter] = await deadLetters.listed(`filter.id=${producer}-1`, 1);
    expect(letter).toMatchObject({ state: OPEN, letter: { store: "mysql", tenant: "default" } });
    expect(letter!.record!.message).toBe("too long a level for MySQL");
    const { reason, detail } = letter!.letter;
    expect([reason, detail].join()).toMatch(/long/i);
    expect((await deadLetters.list(`filter.store=mysql&filter.reason=${reason}`)).letters[0]!.key).toBe(letter!.key);
    await untilStored(`${producer}-2`);
    const inMysql = (await stored.inMysql()).filter((id) => id.startsWith(producer)).sort();
    expect(inMysql).toEqual([`${producer}-0`, `${producer}-2`]);

    const answer = await deadLetters.replay({ id: `${producer}-1` });
    expect(answer).toMatchObject({
      tried: "1",
      stored: "0",
      refused: "1",
      refusals: [{ id: `${producer}-1`, reason }],
    });
    expect((await deadLetters.list(`filter.id=${producer}-1`)).letters[0]!.state).toBe(OPEN);
  });

  it("a conflict is told to its sender as a success, and listed; the first stays, neighbours are stored", async () => {
    const producerId = Buffer.from(newProducer(), "hex");
    const producer = producerId.toString("hex");
    const batch = (firstSeq: number, messages: string[]) =>
      write({
        producerId: producerId.toString("base64"),
        firstSeq: String(firstSeq),
        records: messages.map((message) => ({ message })),
      });
    expect(await batch(0, ["a", "b", "c"])).toMatchObject({ accepted: 3, rejects: [] });
    await untilStored(`${producer}-2`);
    expect(await batch(1, ["another b", "c", "d"])).toMatchObject({ accepted: 3, rejects: [] });
    const [letter] = await deadLetters.listed(`filter.id=${producer}-1`, 1);
    expect(letter).toMatchObject({ letter: { store: "mysql", reason: "conflict" }, record: { message: "another b" } });
    await untilStored(`${producer}-3`);
    const messages = await Promise.all([0, 1, 2, 3].map((seq) => messageById(`${producer}-${seq}`)));
    expect(messages).toEqual(["a", "b", "c", "d"]);
    expect(await deadLetters.replay({ key: letter!.key })).toMatchObject({
      refused: "1",
      refusals: [{ reason: "conflict" }],
    });
    expect(await messageById(`${producer}-1`)).toBe("b");
  });

  it("what Elasticsearch refused is stored by a replay once the cause is mended; by gRPC", async () => {
    const admin = createClient(AdminService, createGrpcTransport({ baseUrl: full.url }));
    const producer = newProducer(Date.now() - 3 * DAY_MS);
    const index = `${full.names.indexPrefix}-${dayText(producerDay(producer))}`;
    await stored.elasticsearch.indices.delete({ index }, { ignore: [404] });
    await stored.elasticsearch.indices.create({ index, mappings: { properties: { service: { type: "long" } } } });
    const service = newService();
    const records = ["first", "second", "third"].map((message) => ({ service, message }));
    await write({ producerId: Buffer.from(producer, "hex").toString("base64"), records });
    await untilStored(`${producer}-2`);
    const filter = { store: "elasticsearch", state: DeadLetterState.OPEN };
    const listed = await eventually(
      () => admin.listDeadLetters({ filter }),
      ({ letters }) => letters.filter(({ letter }) => letter!.id.startsWith(producer)).length === 3,
    );
    const { reason } = listed.letters.find(({ letter }) => letter!.id.startsWith(producer))!.letter!;
    expect(reason).toMatch(/parsing_exception/);

    const ofReason = { store: "elasticsearch", reason };
    const again = await admin.replayDeadLetters({ filter: ofReason });
    expect(again).toMatchObject({ matched: 3n, tried: 3n, refused: 3n, stored: 0n });
    expect(again.refusals.map((refusal) => refusal.reason)).toEqual([reason, reason, reason]);

    await stored.elasticsearch.indices.delete({ index });
    expect(await admin.replayDeadLetters({ filter: ofReason, dryRun: true })).toMatchObject({
      matched: 3n,
      tried: 3n,
      stored: 0n,
    });
    expect(await found(`service=${service}`)).toEqual([]);
    const firstPage = await admin.replayDeadLetters({ filter: ofReason, pageSize: 2 });
    expect(firstPage).toMatchObject({ matched: 3n, tried: 2n, stored: 2n, refused: 0n });
    const { nextPageToken: pageToken } = firstPage;
    expect(await admin.replayDeadLetters({ filter: ofReason, pageSize: 2, pageToken })).toMatchObject({
      matched: 0n, // Counted on the first page.
      tried: 1n,
      stored: 1n,
      nextPageToken: "",
    });
    await untilFound(`service=${service}`, ["first", "second", "third"]);
    expect(await admin.replayDeadLetters({ filter: ofReason })).toMatchObject({ matched: 0n, tried: 0n });
    const [moved] = (await deadLetters.list(`filter.id=${producer}-0`)).letters;
    expect(moved).toMatchObject({ state: STORED, changedTime: expect.any(String) });
    const ids = (await stored.inElasticsearch()).filter((id) => id.startsWith(producer)).sort();
    expect(ids).toEqual([0, 1, 2].map((seq) => `${producer}-${seq}`));
  });

  it("what MySQL refused is stored and counted once by replays, however many there are", async () => {
    const producer = newProducer();
    const status = 400 + Math.floor(Math.random() * 500); // The last hour has other tests' errors, not these.
    const ranges = Array.from({ length: 1_001 }, (_, at) => ({
      producer,
      firstSeq: 2 * at,
      records: [{ message: "even" }],
    }));
    await append(...ranges);
    await untilStored(`${producer}-2000`);
    const time = nanosToTimestamp(msToNanos(Date.now()));
    const late = { message: "in a gap that was closed", time, http: { status, path: "/late" } };
    await append({ producer, firstSeq: 1, records: [late] });
    const [letter] = await deadLetters.listed(`filter.id=${producer}-1`, 1);
    expect(letter).toMatchObject({ state: OPEN, letter: { store: "mysql", reason: "gap_closed" } });
    expect(await errors()).not.toHaveProperty(String(status));

    const filter = { id: `${producer}-1` };
    expect(await deadLetters.replay(filter, true)).toMatchObject({ matched: "1", tried: "1", stored: "0" });
    expect((await deadLetters.list(`filter.id=${producer}-1`)).letters[0]!.state).toBe(OPEN);
    const replays = await Promise.all([1, 2, 3].map(() => deadLetters.replay(filter)));
    expect(replays.reduce((sum, { stored: one }) => sum + Number(one), 0)).toBe(1);
    expect(await messageById(`${producer}-1`)).toBe("in a gap that was closed");
    expect(await errors()).toMatchObject({ [status]: 1 });
    expect((await deadLetters.list(`filter.id=${producer}-1`)).letters[0]!.state).toBe(STORED);
    expect(await deadLetters.replay(filter)).toMatchObject({ matched: "0", tried: "0" });
    expect(await errors()).toMatchObject({ [status]: 1 });
  });

  it("says by REST what is wrong with a question", async () => {
    const wrong = await fetch(`${full.url}/v1/deadLetters?filter.key=nonsense`);
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toMatchObject({
      code: 3,
      message: 'filter.key is "nonsense"; it must be 64 hexadecimal digits, as in a list',
      details: expect.arrayContaining([expect.objectContaining({ metadata: { field: "filter.key" } })]),
    });
  });
});
