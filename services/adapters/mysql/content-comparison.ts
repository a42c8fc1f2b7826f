import { setImmediate as nextTurn } from "node:timers/promises";
import type { PoolConnection, RowDataPacket } from "mysql2/promise";
import { RECORD_BYTES_MAX, STORE_BYTES_MAX, STORE_COMPARE_MS_MAX } from "../../domain/limits.ts";
import type { LoggedBatch, LoggedRecord } from "../../domain/logged-batch.ts";
import { sameContent } from "../../domain/record-content.ts";
import type { StoredContent } from "../../domain/refused-record.ts";
import type { Clock } from "../../ports/clock.ts";
import { keyValues } from "./producer-key.ts";

const WHOLE_RECORDS_MAX = Math.floor(STORE_BYTES_MAX / RECORD_BYTES_MAX); // Of one SELECT; in memory at a time.
const TURN_MS_MAX = 50; // Then timers and sockets get their turn: heartbeats must go on.

/** A record whose bytes are not those of its row, and the hash that is kept with the row. */
export interface UnlikeRecord {
  logged: LoggedRecord;
  storedHash: Buffer;
}

/**
 * Compares records with their rows by what they say. Of one call, however often its transaction runs: what was found
 * is not looked for again, and the time for it is STORE_COMPARE_MS_MAX over all runs, the reading of rows included.
 */
export class ContentComparison {
  private readonly clock: Clock;
  private readonly msMax: number;
  private spentMs = 0;
  private readonly found = new Map<LoggedRecord, { storedHash: Buffer; content: StoredContent }>();

  constructor(clock: Clock, msMax = STORE_COMPARE_MS_MAX) {
    this.clock = clock;
    this.msMax = msMax;
  }

  /** `unlike`: records of the batch that have rows. Each of them gets an answer, `not_compared` once the time is up. */
  async compare(
    connection: PoolConnection,
    batch: LoggedBatch,
    unlike: readonly UnlikeRecord[],
  ): Promise<Map<LoggedRecord, StoredContent>> {
    const open = unlike.filter((one) => !this.isFound(one));
    for (let start = 0; start < open.length; start += WHOLE_RECORDS_MAX) {
      const some = open.slice(start, start + WHOLE_RECORDS_MAX);
      if (this.spentMs < this.msMax) await this.compareSome(connection, batch, some);
      else for (const one of some) this.keep(one, "not_compared");
    }
    return new Map(unlike.map(({ logged }) => [logged, this.found.get(logged)!.content]));
  }

  /** With the same row: one that this call had inserted itself goes when its transaction is rolled back. */
  private isFound({ logged, storedHash }: UnlikeRecord): boolean {
    return this.found.get(logged)?.storedHash.equals(storedHash) ?? false;
  }

  private keep({ logged, storedHash }: UnlikeRecord, content: StoredContent): void {
    this.found.set(logged, { storedHash, content });
  }

  private async compareSome(
    connection: PoolConnection,
    batch: LoggedBatch,
    some: readonly UnlikeRecord[],
  ): Promise<void> {
    let lastMs = this.clock.nowMs();
    const spend = () => {
      const nowMs = this.clock.nowMs();
      this.spentMs += Math.max(0, nowMs - lastMs); // Clocks can be set back.
      lastMs = nowMs;
    };
    const rows = await wholeRecords(connection, batch, some);
    spend();
    let turnEndsMs = this.spentMs + TURN_MS_MAX;
    for (const one of some) {
      const { logged } = one;
      const inTime = this.spentMs < this.msMax;
      this.keep(one, !inTime ? "not_compared" : sameContent(rows.get(logged.seq)!, logged.bytes) ? "same" : "other");
      spend();
      if (this.spentMs < turnEndsMs) continue;
      await nextTurn();
      spend();
      turnEndsMs = this.spentMs + TURN_MS_MAX;
    }
  }
}

/** By seq. */
async function wholeRecords(
  connection: PoolConnection,
  batch: LoggedBatch,
  some: readonly UnlikeRecord[],
): Promise<Map<number, Buffer>> {
  const [rows] = await connection.query<RowDataPacket[]>(
    "SELECT seq, record FROM records WHERE producer_day = ? AND tenant = ? AND producer = ? AND seq IN (?)",
    [...keyValues(batch), some.map(({ logged }) => logged.seq)],
  );
  return new Map(rows.map((row) => [Number(row.seq), row.record as Buffer]));
}
