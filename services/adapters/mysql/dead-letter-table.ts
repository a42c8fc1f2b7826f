import type { PoolConnection, ResultSetHeader, RowDataPacket } from "mysql2/promise";
import type { DeadLetter } from "../../../gen/logpulse/v1/dead_letter_pb.ts";
import { ANSWER_BYTES_MAX, STORE_QUERY_MS_MAX, STORE_WRITE_MS_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DeadLetterTable, LetterPlace, LetterQuery, ListedLetter } from "../../ports/dead-letter-table.ts";
import type { MysqlConnections } from "./connections.ts";
import { countOf, keysOfPage } from "./dead-letter-query.ts";
import { insertLetters, LISTED_COLUMNS, listedLetterOf, moveLetter } from "./dead-letter-rows.ts";
import { createTables } from "./schema.ts";

const KEYS_MAX = 500; // Of one SELECT: servers stop looking rows up one by one where there are too many.
const DELETED_MAX = 500; // Of one DELETE, so that none of them holds its locks for long.

/** The dead letters in a table of their own, beside the records. */
export class MysqlDeadLetterTable implements DeadLetterTable {
  private readonly connections: MysqlConnections;
  private readonly clock: Clock;

  constructor(connections: MysqlConnections, clock: Clock) {
    this.connections = connections;
    this.clock = clock;
  }

  /** @throws LogPulseError `store_unavailable`; `bug` where the tables are those of another version of the program. */
  prepare(): Promise<void> {
    return this.connections.use(createTables, STORE_WRITE_MS_MAX, new AbortController().signal);
  }

  fill(letters: readonly DeadLetter[], signal: AbortSignal): Promise<number> {
    const insert = (connection: PoolConnection) => insertLetters(connection, letters, this.clock.nowMs());
    return this.change(insert, signal);
  }

  list(
    query: LetterQuery,
    page: { limit: number; after?: LetterPlace; originalBytesMax: number },
    signal: AbortSignal,
  ): Promise<ListedLetter[]> {
    const { text, values } = keysOfPage(query, page);
    const read = async (connection: PoolConnection) => {
      // What is read of the letters is of the same moment as their keys.
      await connection.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
      await connection.beginTransaction();
      const [found] = await connection.query<RowDataPacket[]>(text, values);
      const letters = await lettersOf(connection, keysWithinAnswer(found), page.originalBytesMax);
      await connection.commit();
      return letters;
    };
    return this.connections.use(read, STORE_QUERY_MS_MAX, signal);
  }

  async count(query: LetterQuery, signal: AbortSignal): Promise<number> {
    const { text, values } = countOf(query);
    const count = (connection: PoolConnection) => connection.query<RowDataPacket[]>(text, values);
    const [[counted]] = await this.connections.use(count, STORE_QUERY_MS_MAX, signal);
    return Number(counted!.total);
  }

  settle(key: string, to: "stored" | "expired", signal: AbortSignal): Promise<boolean> {
    return this.change((connection) => moveLetter(connection, key, to, this.clock.nowMs()), signal);
  }

  async forgetBefore(listedMs: number, signal: AbortSignal): Promise<number> {
    const sql = "DELETE FROM dead_letters WHERE listed_ms < ? ORDER BY listed_ms LIMIT ?";
    const deleteSome = async (connection: PoolConnection) => {
      const [result] = await connection.query<ResultSetHeader>(sql, [listedMs, DELETED_MAX]);
      return result.affectedRows;
    };
    for (let forgotten = 0; ; ) {
      const deleted = await this.change(deleteSome, signal);
      forgotten += deleted;
      if (deleted < DELETED_MAX) return forgotten;
    }
  }

  /** All or nothing of it, and again where somebody was in the way. */
  private change<T>(work: (connection: PoolConnection) => Promise<T>, signal: AbortSignal): Promise<T> {
    return this.connections.transaction(
      async (connection) => ({ commit: true, value: await work(connection) }),
      signal,
    );
  }
}

/** The keys of as many letters as one answer may hold; at least one. */
function keysWithinAnswer(found: readonly RowDataPacket[]): Buffer[] {
  let bytes = 0;
  const tooMany = found.findIndex((row, index) => {
    bytes += Number(row.bytes);
    return index > 0 && bytes > ANSWER_BYTES_MAX;
  });
  return (tooMany === -1 ? found : found.slice(0, tooMany)).map((row) => row.letter_key as Buffer);
}

/** In the order of the keys. */
async function lettersOf(
  connection: PoolConnection,
  keys: readonly Buffer[],
  originalBytesMax: number,
): Promise<ListedLetter[]> {
  const letters = new Map<string, ListedLetter>();
  const sql = `SELECT ${LISTED_COLUMNS.join(", ")} FROM dead_letters WHERE letter_key IN (?)`;
  for (let start = 0; start < keys.length; start += KEYS_MAX) {
    const some = keys.slice(start, start + KEYS_MAX);
    const [rows] = await connection.query<RowDataPacket[]>(sql, [originalBytesMax, some]);
    for (const row of rows) letters.set((row.letter_key as Buffer).toString("hex"), listedLetterOf(row));
  }
  return keys.map((key) => letters.get(key.toString("hex"))!);
}
