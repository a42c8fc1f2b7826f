import { create } from "@bufbuild/protobuf";
import type { PoolConnection, ResultSetHeader, RowDataPacket } from "mysql2/promise";
import { type DeadLetter, DeadLetterSchema } from "../../../gen/logpulse/v1/dead_letter_pb.ts";
import { letterKeyText } from "../../domain/dead-letter-key.ts";
import { nanosToTimestamp, timestampToNanos } from "../../domain/record-time.ts";
import type { LetterState, ListedLetter } from "../../ports/dead-letter-table.ts";
import { InsertStatement, type SqlValue } from "./insert-rows.ts";

const COLUMNS = [
  "letter_key",
  "tenant",
  "listed_ms",
  "state",
  "store",
  "id",
  "reason",
  "detail",
  "received_ns",
  "log_partition",
  "log_offset",
  "original_bytes",
  "original",
];
const INSERT = new InsertStatement("dead_letters", COLUMNS, "letter_key = dead_letters.letter_key");
const NOT_ORIGINAL_BYTES_MAX = 16_384; // Of a row, on its way to the server or back: texts, numbers, and their names.

/** The columns that `listedLetterOf` reads; the `?` stands for the bytes of an original that are wanted. */
export const LISTED_COLUMNS = [...COLUMNS.slice(0, -1), "changed_ms", "SUBSTRING(original, 1, ?) AS original"];

/** Inserts letters that are not there yet, as open; resolves with how many those were. */
export async function insertLetters(
  connection: PoolConnection,
  letters: readonly DeadLetter[],
  listedMs: number,
): Promise<number> {
  const [[server]] = await connection.query<RowDataPacket[]>("SELECT @@max_allowed_packet AS bytesMax");
  const originalBytesMax = Number(server!.bytesMax) - NOT_ORIGINAL_BYTES_MAX;
  // In the order of their keys: two that insert the same letters wait for each other rather than deadlock.
  const keyed = letters.map((letter) => ({ key: letterKeyText(letter), letter })).sort(byKey);
  return INSERT.run(
    connection,
    keyed.map(({ key, letter }) => rowOf(key, letter, listedMs, originalBytesMax)),
  );
}

/** Moves a letter from open; false where it is not open or not there. */
export async function moveLetter(
  connection: PoolConnection,
  key: string,
  to: "stored" | "expired",
  nowMs: number,
): Promise<boolean> {
  const [result] = await connection.query<ResultSetHeader>(
    "UPDATE dead_letters SET state = ?, changed_ms = ? WHERE letter_key = ? AND state = 'open'",
    [Buffer.from(to), nowMs, Buffer.from(key, "hex")],
  );
  return result.affectedRows === 1;
}

/** The letter's state, which nobody else changes until the transaction ends; undefined where it is not there. */
export async function lockLetterState(connection: PoolConnection, key: string): Promise<LetterState | undefined> {
  const sql = "SELECT state FROM dead_letters WHERE letter_key = ? FOR UPDATE";
  const [rows] = await connection.query<RowDataPacket[]>(sql, [Buffer.from(key, "hex")]);
  return rows[0] && stateOf(rows[0]);
}

/** Reads LISTED_COLUMNS of a row. */
export function listedLetterOf(row: RowDataPacket): ListedLetter {
  const text = (column: string) => (row[column] as Buffer).toString();
  return {
    key: (row.letter_key as Buffer).toString("hex"),
    listedMs: Number(row.listed_ms),
    changedMs: row.changed_ms === null ? undefined : Number(row.changed_ms),
    state: stateOf(row),
    originalBytes: Number(row.original_bytes),
    letter: create(DeadLetterSchema, {
      store: text("store"),
      tenant: text("tenant"),
      id: text("id"),
      reason: text("reason"),
      detail: text("detail"),
      original: row.original as Buffer,
      receivedTime: row.received_ns === null ? undefined : nanosToTimestamp(BigInt(row.received_ns)),
      partition: Number(row.log_partition),
      offset: BigInt(row.log_offset),
    }),
  };
}

/** An original that the server cannot take is cut, which its detail says: it must not hold up the letters behind it. */
function rowOf(key: string, letter: DeadLetter, listedMs: number, originalBytesMax: number): SqlValue[] {
  const original = letter.original.subarray(0, originalBytesMax);
  const bytes = letter.original.length;
  const cut = `; MySQL took the first ${original.length} of its ${bytes} bytes (max_allowed_packet)`;
  return [
    Buffer.from(key, "hex"),
    Buffer.from(letter.tenant),
    listedMs,
    Buffer.from("open"),
    Buffer.from(letter.store),
    Buffer.from(letter.id),
    Buffer.from(letter.reason),
    Buffer.from(original.length < bytes ? letter.detail + cut : letter.detail),
    letter.receivedTime ? timestampToNanos(letter.receivedTime).toString() : null,
    letter.partition,
    letter.offset.toString(),
    bytes,
    Buffer.from(original.buffer, original.byteOffset, original.length),
  ];
}

function stateOf(row: RowDataPacket): LetterState {
  return (row.state as Buffer).toString() as LetterState;
}

function byKey(a: { key: string }, b: { key: string }): number {
  if (a.key === b.key) return 0; // The first of the same key stays before the second, and is the one that is kept.
  return a.key < b.key ? -1 : 1;
}
