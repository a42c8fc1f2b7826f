import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realServers } from "../../../tests/real-servers.ts";
import { DEAD_LETTERS_COUNTED_MAX } from "../../domain/limits.ts";
import type { LetterQuery } from "../../ports/dead-letter-table.ts";
import { MysqlConnections } from "./connections.ts";
import { countOf, keysOfPage } from "./dead-letter-query.ts";
import { MysqlDeadLetterTable } from "./dead-letter-table.ts";
import { makeTestDatabase, type TestDatabase } from "./test-database.ts";

const servers = realServers();
const signal = AbortSignal.timeout(600_000);
const TENANT = "many";
const OTHERS = DEAD_LETTERS_COUNTED_MAX + 1; // Letters of another store, newer than all of ours.
const OURS = 4;
const STATUS_ROWS_MAX = 100; // What asking for the numbers adds to them, and more.
const PAGE = { limit: 50, originalBytesMax: 10 };

describe.runIf(servers)("queries over many dead letters in a MySQL server", () => {
  let database: TestDatabase;
  let connections: MysqlConnections;
  let table: MysqlDeadLetterTable;
  let session: Connection;

  beforeAll(async () => {
    database = await makeTestDatabase(servers!.mysqlUrl);
    connections = new MysqlConnections(database.settings);
    table = new MysqlDeadLetterTable(connections, database.settings.clock);
    await table.prepare();
    session = await createConnection(database.settings.url);
    await insertLetters("mysql", "open", 1_000, OURS - 1);
    await insertLetters("mysql", "stored", 2_000, 1);
    await insertLetters("elasticsearch", "open", 1_000_000, OTHERS);
  }, 120_000);
  afterAll(async () => {
    await Promise.all([connections?.close(), session?.end()]);
    await database?.drop();
  });

  /** One in each millisecond. */
  async function insertLetters(store: string, state: string, fromMs: number, size: number): Promise<void> {
    const digit = `(${Array.from({ length: 10 }, (_, one) => `SELECT ${one} AS n`).join(" UNION ALL ")})`;
    const places = [0, 1, 2, 3, 4, 5];
    const number = places.map((place) => `d${place}.n * ${10 ** place}`).join(" + ");
    const sql =
      `INSERT INTO dead_letters SELECT UNHEX(SHA2(CONCAT(?, ?, at), 256)), ?, ? + at, NULL, ?, ?, '', 'r', '', NULL, 0, 0, ` +
      `0, '' FROM (SELECT ${number} AS at FROM ${places.map((place) => `${digit} AS d${place}`).join(", ")}) AS numbers ` +
      "WHERE at < ?";
    await session.query(sql, [store, state, TENANT, fromMs, state, store, size]);
  }

  const query = (conditions: Omit<LetterQuery, "tenant">): LetterQuery => ({ tenant: TENANT, ...conditions });
  const COUNTED: [Omit<LetterQuery, "tenant">, number][] = [
    [{}, DEAD_LETTERS_COUNTED_MAX],
    [{ state: "open" }, DEAD_LETTERS_COUNTED_MAX],
    [{ store: "elasticsearch" }, DEAD_LETTERS_COUNTED_MAX],
    [{ store: "mysql" }, OURS],
    [{ state: "stored" }, 1],
    [{ toMs: 2_000 }, OURS - 1],
  ];
  it.each(COUNTED)("count %j up to the bound", async (conditions, total) => {
    expect(await table.count(query(conditions), signal)).toBe(total);
  });

  it("list one store's letters of every state, newest first, page by page", async () => {
    const first = await table.list(query({ store: "mysql" }), { ...PAGE, limit: 2 }, signal);
    const second = await table.list(query({ store: "mysql" }), { ...PAGE, limit: 3, after: first.at(-1) }, signal);
    expect([...first, ...second].map(({ listedMs }) => listedMs)).toEqual([2_000, 1_002, 1_001, 1_000]);
  });

  const READ: [name: string, conditions: Omit<LetterQuery, "tenant">, rows: number][] = [
    ["a page of one store", { store: "mysql" }, OURS],
    ["a page of one store and state", { store: "elasticsearch", state: "open" }, PAGE.limit],
    ["a page of one state", { state: "open" }, PAGE.limit],
    ["a page of all", {}, PAGE.limit],
  ];
  it.each(READ)("read no more rows than they must: %s", async (_name, conditions, rows) => {
    const { text, values } = keysOfPage(query(conditions), PAGE);
    expect(await rowsRead(text, values)).toBeLessThanOrEqual(3 * rows + STATUS_ROWS_MAX); // And those of the joined branches.
  });

  it("read no more rows than they must: a count of one state", async () => {
    const { text, values } = countOf(query({ state: "stored" }));
    expect(await rowsRead(text, values)).toBeLessThanOrEqual(STATUS_ROWS_MAX);
  });

  async function rowsRead(text: string, values: unknown[]): Promise<number> {
    const before = await rowsReadSoFar();
    await session.query(text, values);
    return (await rowsReadSoFar()) - before;
  }

  async function rowsReadSoFar(): Promise<number> {
    const [rows] = await session.query<RowDataPacket[]>("SHOW SESSION STATUS LIKE 'Handler_read%'");
    return rows.reduce((sum, { Value }) => sum + Number(Value), 0);
  }
});
