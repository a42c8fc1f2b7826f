import type { DatabaseSync } from "node:sqlite";
import type { DeadLetter } from "../../../../gen/logpulse/v1/dead_letter_pb.ts";
import { letterKeyText } from "../../../domain/dead-letter-key.ts";
import { timestampToNanos } from "../../../domain/record-time.ts";
import type { LetterState } from "../../../ports/dead-letter-table.ts";

/** Inserts letters that are not there yet, as open; gives how many those were. In a transaction. */
export function insertLetters(database: DatabaseSync, letters: readonly DeadLetter[], listedMs: number): number {
  const insert = database.prepare(
    `INSERT INTO dead_letters
      (letter_key, tenant, listed_ms, state, store, id, reason, detail, received_ns, log_partition, log_offset, original)
      VALUES (?, ?, ?, 'open', ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  let added = 0;
  for (const letter of letters) {
    const { changes } = insert.run(
      Buffer.from(letterKeyText(letter), "hex"),
      Buffer.from(letter.tenant),
      listedMs,
      Buffer.from(letter.store),
      Buffer.from(letter.id),
      Buffer.from(letter.reason),
      Buffer.from(letter.detail),
      receivedNanos(letter),
      letter.partition,
      letter.offset,
      letter.original,
    );
    added += Number(changes);
  }
  return added;
}

/** Null where there is none, or one that no 64 bits hold: a letter is kept whatever is wrong with it. */
function receivedNanos({ receivedTime }: DeadLetter): bigint | null {
  const nanos = receivedTime && timestampToNanos(receivedTime);
  return nanos !== undefined && BigInt.asIntN(64, nanos) === nanos ? nanos : null;
}

/** Moves a letter from open; false where it is not open or not there. */
export function moveLetter(database: DatabaseSync, key: string, to: "stored" | "expired", nowMs: number): boolean {
  const update = database.prepare(
    "UPDATE dead_letters SET state = ?, changed_ms = ? WHERE letter_key = ? AND state = 'open'",
  );
  return Number(update.run(to, nowMs, Buffer.from(key, "hex")).changes) === 1;
}

/** The letter's state; undefined where it is not there. */
export function letterState(database: DatabaseSync, key: string): LetterState | undefined {
  const row = database.prepare("SELECT state FROM dead_letters WHERE letter_key = ?").get(Buffer.from(key, "hex"));
  return row?.state as LetterState | undefined;
}

/** Deletes up to `limit` letters that were listed before that time, the oldest first; gives how many. */
export function deleteLetters(database: DatabaseSync, listedBeforeMs: number, limit: number): number {
  const sql = `DELETE FROM dead_letters WHERE letter_key IN
    (SELECT letter_key FROM dead_letters WHERE listed_ms < ? ORDER BY listed_ms LIMIT ?)`;
  return Number(database.prepare(sql).run(listedBeforeMs, limit).changes);
}
