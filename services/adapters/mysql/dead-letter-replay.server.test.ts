import { create } from "@bufbuild/protobuf";
import { type Connection, createConnection } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DeadLetter, DeadLetterSchema } from "../../../gen/logpulse/v1/dead_letter_pb.ts";
import { realServers } from "../../../tests/real-servers.ts";
import { letterKeyText } from "../../domain/dead-letter-key.ts";
import { parseDropRules } from "../../domain/drop-rules.ts";
import { BATCH_BYTES_MAX, SETTLED_RANGES_PER_PRODUCER_MAX } from "../../domain/limits.ts";
import type { LoggedBatch } from "../../domain/logged-batch.ts";
import { nanosToTimestamp } from "../../domain/record-time.ts";
import { deadLetterOf } from "../../domain/refused-record.ts";
import { type BatchToBuild, buildLoggedBatch, encodeBatch } from "../../ports/build-logged-batch.ts";
import { counts, KeptLetters, messages, newIdentity, noDeadLetters, request } from "../../ports/contract-batches.ts";
import type { ListedLetter } from "../../ports/dead-letter-table.ts";
import { addCounts, NO_COUNTS } from "../../ports/log-sink.ts";
import { MysqlConnections } from "./connections.ts";
import { MysqlDeadLetterReplay } from "./dead-letter-replay.ts";
import { MysqlDeadLetterTable } from "./dead-letter-table.ts";
import { MysqlLogSink } from "./log-sink.ts";
import { REQUEST_MINUTES, requestBatch } from "./request-batches.ts";
import { everywhere, storedCounts } from "./stored-counts.fixture.ts";
import { makeTestDatabase, type TestDatabase } from "./test-database.ts";

const servers = realServers();
const signal = AbortSignal.timeout(600_000);
const RACES = 25;

describe.runIf(servers)("replaying dead letters into a MySQL server", () => {
  let database: TestDatabase;
  let sinks: MysqlLogSink[];
  let pools: MysqlConnections[];
  let replays: MysqlDeadLetterReplay[];
  let table: MysqlDeadLetterTable;
  let session: Connection;

  beforeAll(async () => {
    database = await makeTestDatabase(servers!.mysqlUrl);
    const { settings } = database;
    sinks = [new MysqlLogSink(settings), new MysqlLogSink(settings)];
    pools = [new MysqlConnections(settings), new MysqlConnections(settings)];
    replays = pools.map((pool) => new MysqlDeadLetterReplay(pool, settings.clock, []));
    table = new MysqlDeadLetterTable(pools[0]!, settings.clock);
    session = await createConnection(settings.url);
    await table.prepare();
  });
  afterAll(async () => {
    await Promise.all([...sinks, ...pools].map((part) => part.close()));
    await session.end();
    await database.drop();
  });

  const letterOf = (batch: LoggedBatch, index: number, reason = "ER_DATA_TOO_LONG") =>
    deadLetterOf("mysql", { batch, logged: batch.records[index]!, reason, detail: "" });

  let offset = 0n;
  const wholeMessage = (batch: BatchToBuild) =>
    create(DeadLetterSchema, {
      store: "mysql",
      reason: "undecodable",
      original: encodeBatch(batch),
      offset: offset++,
    });

  async function listed(letter: DeadLetter): Promise<ListedLetter> {
    await table.fill([letter], signal);
    return (await lookUp(letter))!;
  }

  async function lookUp(letter: DeadLetter, originalBytesMax = BATCH_BYTES_MAX): Promise<ListedLetter | undefined> {
    const query = { tenant: letter.tenant, key: letterKeyText(letter) };
    return (await table.list(query, { limit: 1, originalBytesMax }, signal))[0];
  }

  /** Twice the same letter by two processes, and the same batch by two workers, all at once. */
  async function race(letter: DeadLetter, batch: LoggedBatch) {
    const open = await listed(letter);
    const [outcomes, stored] = await Promise.all([
      Promise.all([...replays, ...replays].map((replay) => replay.replay(open, signal))),
      Promise.all(sinks.map((sink) => sink.store([batch], noDeadLetters, signal))),
    ]);
    expect(await lookUp(letter)).toMatchObject({ state: "stored" });
    return { outcomes: outcomes.map(({ is }) => is).sort(), counts: stored.reduce(addCounts, NO_COUNTS) };
  }

  it("stores and counts a record once where replays and workers race", { timeout: 120_000 }, async () => {
    for (let round = 0; round < RACES; round++) {
      const { tenant, producer } = newIdentity();
      const batch = requestBatch(tenant, producer, 0, 30);
      const { outcomes, counts: sum } = await race(letterOf(batch, round), batch);
      const byReplay = outcomes.filter((is) => is === "stored").length;
      expect(byReplay).toBeLessThanOrEqual(1);
      expect(outcomes).toEqual([...Array(4 - byReplay).fill("already_stored"), ...Array(byReplay).fill("stored")]);
      expect(sum).toEqual(counts({ stored: 30 - byReplay, duplicate: 30 + byReplay }));
      expect(await storedCounts(session, tenant)).toEqual(everywhere(30));
    }
  });

  it("stores and counts a whole message once where replays and workers race", { timeout: 120_000 }, async () => {
    for (let round = 0; round < RACES; round++) {
      const { tenant, producer } = newIdentity();
      const batch = requestBatch(tenant, producer, 0, 30);
      const records = batch.records.map(({ bytes }) => bytes);
      const letter = wholeMessage({ tenant, producer, records, receivedNanos: batch.receivedNanos });
      const { outcomes, counts: sum } = await race(letter, batch);
      const byReplay = outcomes.filter((is) => is === "stored").length;
      expect(sum).toEqual(byReplay === 1 ? counts({ duplicate: 60 }) : counts({ stored: 30, duplicate: 30 }));
      expect(await storedCounts(session, tenant)).toEqual(everywhere(30));
    }
  });

  it("counts a record that a worker refused, when it is taken at last", async () => {
    const { tenant, producer } = newIdentity();
    const time = nanosToTimestamp(BigInt(REQUEST_MINUTES.from) * 60_000_000_000n);
    const http = { status: 200, latency: { nanos: 1 } };
    const batchOf = (severityText: string) =>
      buildLoggedBatch({
        tenant,
        producer,
        records: [
          { time, http },
          { time, http, severityText },
        ],
      });
    await sinks[0]!.store([batchOf("x".repeat(65))], new KeptLetters(), signal);
    expect(await storedCounts(session, tenant)).toEqual(everywhere(1));
    expect(await replays[0]!.replay(await listed(letterOf(batchOf("INFO"), 1)), signal)).toEqual({ is: "stored" });
    expect(await storedCounts(session, tenant)).toEqual(everywhere(2));
  });

  it("stores a record and a whole message that were lost in a closed gap", { timeout: 60_000 }, async () => {
    const { tenant, producer } = newIdentity();
    const batchOf = (firstSeq: number, size: number) => ({ tenant, producer, firstSeq, records: messages(size) });
    const apart = Array.from({ length: SETTLED_RANGES_PER_PRODUCER_MAX + 1 }, (_, index) =>
      buildLoggedBatch(batchOf(10 * index, 1)),
    );
    await sinks[0]!.store(apart, noDeadLetters, signal);
    const letters = new KeptLetters();
    await sinks[0]!.store([buildLoggedBatch(batchOf(5, 1))], letters, signal);
    expect(letters.letters.map(({ reason }) => reason)).toEqual(["gap_closed"]);
    for (const letter of [letters.letters[0]!, wholeMessage(batchOf(6, 3))]) {
      expect(await replays[0]!.replay(await listed(letter), signal)).toEqual({ is: "stored" });
    }
    expect((await storedCounts(session, tenant)).records).toBe(apart.length + 4);
  });

  it("keeps out of a whole message what a rule drops, and counts it once", async () => {
    const { tenant, producer } = newIdentity();
    const rules = parseDropRules("status=200");
    const replay = new MysqlDeadLetterReplay(pools[0]!, database.settings.clock, rules);
    const records = [200, 500].map((status) => request(0n, { status, latency: { nanos: 1 } }));
    for (const is of ["stored", "already_stored"]) {
      const letter = wholeMessage({ tenant, producer, records });
      expect(await replay.replay(await listed(letter), signal)).toEqual({ is });
    }
    expect(await storedCounts(session, tenant)).toEqual({ ...everywhere(2), records: 1 });
  });

  it("changes nothing for a letter that is no longer open, whatever is said of it", async () => {
    for (const [state, is] of [
      ["expired", "expired"],
      ["stored", "already_stored"],
    ] as const) {
      const { tenant, producer } = newIdentity();
      const letter = letterOf(requestBatch(tenant, producer, 0, 1), 0);
      const open = await listed(letter);
      await table.settle(open.key, state, signal);
      const settled = await lookUp(letter);
      expect(await replays[0]!.replay(open, signal)).toEqual({ is });
      expect(await lookUp(letter)).toEqual(settled);
      expect(await storedCounts(session, tenant)).toEqual(everywhere(0));
    }
  });

  it("names the records that were refused again, and settles them no more than they were", async () => {
    const { tenant, producer } = newIdentity();
    const long = { severityText: "x".repeat(65) };
    const letter = wholeMessage({ tenant, producer, records: [...messages(2), long, ...messages(1), long] });
    const outcome = await replays[0]!.replay(await listed(letter), signal);
    expect(outcome).toMatchObject({ is: "refused", reason: "ER_DATA_TOO_LONG" });
    const detail = outcome.is === "refused" ? outcome.detail : "";
    expect(detail).toContain(`2 of 5 records of the message, the first of them ${producer}-2: Data too long`);
    const late = buildLoggedBatch({ tenant, producer, records: messages(5) });
    const letters = new KeptLetters();
    expect(await sinks[0]!.store([late], letters, signal)).toEqual(
      counts({ stored: 2, duplicate: 2, deadLettered: 1 }),
    );
    expect(letters.letters.map(({ id, reason }) => [id, reason])).toEqual([[`${producer}-3`, "conflict"]]);
  });

  it("refuses a letter whose original is not whole", async () => {
    const { tenant, producer } = newIdentity();
    const letter = letterOf(buildLoggedBatch({ tenant, producer, records: messages(1) }), 0);
    await table.fill([letter], signal);
    const cut = (await lookUp(letter, letter.original.length - 1))!;
    expect(await replays[0]!.replay(cut, signal)).toMatchObject({ is: "refused", reason: "original_cut" });
    expect((await storedCounts(session, tenant)).records).toBe(0);
  });
});
