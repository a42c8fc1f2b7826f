import { setTimeout as sleep } from "node:timers/promises";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import type { SeededRandom } from "../ledger/seeded-random.ts";

const WEIGHT_ROWS = 10_000; // More than a transaction of LogPulse writes: the server then lets that one be the victim.
const HOLD_MS = 7_000; // Longer than LogPulse waits for a lock.
const HOLD_EVERY = 20; // Rounds.
const DEADLOCK = 1213;

/** Another user of the database, who takes the locks of LogPulse's transactions in the wrong order, or keeps them long. */
export class LockTaker {
  /** Deadlocks that hit this session, and long holds. */
  readonly counts = { ownDeadlocks: 0, holds: 0, rounds: 0 };
  private readonly url: string;
  private readonly random: SeededRandom;

  constructor(url: string, random: SeededRandom) {
    this.url = url;
    this.random = random;
  }

  /** Goes on until `isOver`; leaves the data as it was. */
  async disturb(isOver: () => boolean): Promise<void> {
    const connection = await createConnection(this.url);
    try {
      await connection.query("CREATE TABLE IF NOT EXISTS fault_weight (id BIGINT NOT NULL) ENGINE = InnoDB");
      await connection.query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
      while (!isOver()) {
        this.counts.rounds++;
        if (this.counts.rounds % HOLD_EVERY === 0) await this.inTransaction(connection, () => this.hold(connection));
        else await this.inTransaction(connection, () => this.takeInReverse(connection));
        await sleep(this.random.between(10, 200));
      }
    } finally {
      connection.destroy();
    }
  }

  /** Deadlocks of the whole server since it started. */
  async deadlocks(): Promise<number> {
    const connection = await createConnection(this.url);
    try {
      const [rows] = await connection.query<RowDataPacket[]>("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'");
      return Number(rows[0]?.Value ?? 0);
    } finally {
      connection.destroy();
    }
  }

  /** LogPulse locks producers first, then the minutes of the statistics. */
  private async takeInReverse(connection: Connection): Promise<void> {
    if (this.random.chance(0.6)) {
      await connection.query(`INSERT INTO fault_weight SELECT seq FROM seq_1_to_${WEIGHT_ROWS}`);
    }
    await connection.query("SELECT minute FROM rollup_minutes ORDER BY minute DESC FOR UPDATE");
    await sleep(this.random.between(0, 100));
    await connection.query("SELECT producer FROM settled_seqs ORDER BY producer DESC FOR UPDATE");
  }

  private async hold(connection: Connection): Promise<void> {
    this.counts.holds++;
    await connection.query("SELECT producer FROM settled_seqs ORDER BY producer FOR UPDATE");
    await sleep(HOLD_MS);
  }

  private async inTransaction(connection: Connection, work: () => Promise<void>): Promise<void> {
    await connection.beginTransaction();
    try {
      await work();
    } catch (reason) {
      if ((reason as { errno?: number }).errno !== DEADLOCK) throw reason;
      this.counts.ownDeadlocks++;
    }
    await connection.rollback();
  }
}
