import type { DatabaseSync, StatementSync } from "node:sqlite";
import { LOG_TRIM_BYTES_MAX, LOG_TRIM_MESSAGES_MAX } from "../../../domain/limits.ts";

/** A place between two messages of a partition. */
export interface LogPlace {
  /** Of the message behind it. */
  offset: bigint;
  /** The bytes of all messages that there ever were before it. */
  bytes: bigint;
}

/** One partition of the log, for its one writer. What changes the file is called within a transaction. */
export class LogPartition {
  /** When the file was opened, every message that there ever was was there. */
  readonly isWhole: boolean;
  private readonly insertion: StatementSync;
  private readonly lastBefore: StatementSync;
  private readonly firstBefore: StatementSync;
  private readonly deletion: StatementSync;
  private readonly kept: StatementSync;
  private readonly startUpdate: StatementSync;
  private readonly nextUpdate: StatementSync;
  private endNow: LogPlace;

  constructor(database: DatabaseSync, number: number) {
    const prepare = (sql: string) => {
      const statement = database.prepare(sql);
      statement.setReadBigInts(true);
      return statement;
    };
    const messages = `messages_${number}`;
    const placesBefore = `SELECT offset, end_bytes FROM ${messages} WHERE offset < ? ORDER BY offset`;
    this.insertion = prepare(`INSERT INTO ${messages} VALUES (?, ?, ?)`);
    this.lastBefore = prepare(`${placesBefore} DESC LIMIT 1`);
    this.firstBefore = prepare(`${placesBefore} LIMIT ${LOG_TRIM_MESSAGES_MAX}`);
    this.deletion = prepare(`DELETE FROM ${messages} WHERE offset < ?`);
    this.kept = prepare(
      `SELECT start_offset, start_bytes, least_next_offset FROM log_partitions WHERE log_partition = ${number}`,
    );
    const set = (values: string) => prepare(`UPDATE log_partitions SET ${values} WHERE log_partition = ${number}`);
    this.startUpdate = set("start_offset = ?, start_bytes = ?");
    this.nextUpdate = set("least_next_offset = ?");
    const { start_offset, least_next_offset } = this.readKept();
    this.isWhole = start_offset === 0n && least_next_offset === 0n;
    this.endNow = this.readEnd();
  }

  /** Behind the last message that is kept. */
  get end(): LogPlace {
    return this.endNow;
  }

  /** Says that all up to there is kept. Only after the commit: what is in memory is never ahead of the file. */
  moveEnd(end: LogPlace): void {
    this.endNow = end;
  }

  /** Puts a message at that place; gives the place behind it. */
  insert({ offset, bytes }: LogPlace, batch: Uint8Array): LogPlace {
    const behind = { offset: offset + 1n, bytes: bytes + BigInt(batch.length) };
    this.insertion.run(offset, behind.bytes, batch);
    return behind;
  }

  /** The bytes of all messages that there ever were before `offset`; of one trimmed away, those before the first held. */
  bytesBefore(offset: bigint): bigint {
    if (offset >= this.endNow.offset) return this.endNow.bytes;
    return this.placeBehindLast(offset)?.bytes ?? this.start().bytes;
  }

  /**
   * Up to where the oldest messages may be deleted in one transaction, so that those from `safe` on are left, and
   * before it at least `tailBytes`; undefined where nothing may go.
   */
  trimPlace(safe: bigint, tailBytes: number): LogPlace | undefined {
    const start = this.start();
    const spareBytes = this.bytesBefore(safe) - BigInt(tailBytes) - start.bytes;
    let found: LogPlace | undefined;
    for (const row of this.firstBefore.iterate(safe)) {
      const place = placeBehind(row);
      const bytes = place.bytes - start.bytes;
      if (bytes > spareBytes || (found && bytes > LOG_TRIM_BYTES_MAX)) break;
      found = place;
    }
    return found;
  }

  /** Deletes the messages before that place. */
  trimTo({ offset, bytes }: LogPlace): void {
    this.deletion.run(offset);
    this.startUpdate.run(offset, bytes);
  }

  /** Gives the next message that offset, or a higher one. */
  raiseNext(offset: bigint): void {
    this.nextUpdate.run(offset);
  }

  private start(): LogPlace {
    const { start_offset, start_bytes } = this.readKept();
    return { offset: start_offset, bytes: start_bytes };
  }

  private readEnd(): LogPlace {
    const { start_offset, start_bytes, least_next_offset } = this.readKept();
    const { offset, bytes } = this.placeBehindLast(2n ** 63n - 1n) ?? { offset: start_offset, bytes: start_bytes };
    return { offset: offset > least_next_offset ? offset : least_next_offset, bytes };
  }

  private placeBehindLast(offset: bigint): LogPlace | undefined {
    const row = this.lastBefore.get(offset);
    return row && placeBehind(row);
  }

  private readKept() {
    return this.kept.get() as { start_offset: bigint; start_bytes: bigint; least_next_offset: bigint };
  }
}

function placeBehind(row: object): LogPlace {
  const { offset, end_bytes } = row as { offset: bigint; end_bytes: bigint };
  return { offset: offset + 1n, bytes: end_bytes };
}
