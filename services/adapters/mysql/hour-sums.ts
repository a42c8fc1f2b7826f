import type { PoolConnection, RowDataPacket } from "mysql2/promise";
import { LogPulseError } from "../../domain/errors.ts";
import { HOUR_QUIET_MS_MIN, HOURS_PER_CALL_MAX, STORE_WRITE_MS_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { HourSums } from "../../ports/hour-sums.ts";
import type { MysqlConnections } from "./connections.ts";
import { readHour, type StoredHourKey } from "./hour-reads.ts";
import { replaceHour } from "./hour-rows.ts";
import { HOUR_STATE } from "./hour-states.ts";
import { STORE_NAME } from "./settings.ts";

/**
 * Sums up hours, one in each transaction. Nothing is locked while an hour's minutes are read, however many there are:
 * before its sums are written, its states must still be what they were, and from then on who adds to it waits.
 */
export class MysqlHourSums implements HourSums {
  readonly name = STORE_NAME;
  private readonly connections: MysqlConnections;
  private readonly clock: Clock;

  constructor(connections: MysqlConnections, clock: Clock) {
    this.connections = connections;
    this.clock = clock;
  }

  /** Of several processes one does it at a time; to the others nothing is left. */
  async sumUp(signal: AbortSignal): Promise<number> {
    const quietSinceMs = this.clock.nowMs() - HOUR_QUIET_MS_MIN;
    const work = (connection: PoolConnection) => quietHours(connection, quietSinceMs);
    const hours = await this.connections.use(work, STORE_WRITE_MS_MAX, signal);
    let lookedAt = 0;
    for (const hour of hours) {
      if (signal.aborted) throw new LogPulseError("cancelled", "told to stop", { cause: signal.reason });
      if (!(await this.sumUpOrPutLast(hour, signal))) break;
      lookedAt++;
    }
    return lookedAt;
  }

  /** An hour that fails again and again, since it takes too long or cannot be read, must not keep the others waiting. */
  private async sumUpOrPutLast(hour: StoredHourKey, signal: AbortSignal): Promise<boolean> {
    const sumOne = async (connection: PoolConnection) => ({ commit: true, value: await sumUpOne(connection, hour) });
    try {
      return await this.connections.transaction(sumOne, signal);
    } catch (reason) {
      const putOff = (connection: PoolConnection) => putLast(connection, hour, this.clock.nowMs());
      // Where this fails too, the server is to blame and not the hour: the first reason tells more.
      if (!signal.aborted) await this.connections.use(putOff, STORE_WRITE_MS_MAX, signal).catch(() => undefined);
      throw reason;
    }
  }
}

/** As if something had been added to it now, but for its count of changes. */
async function putLast(
  connection: PoolConnection,
  { tenant, hour, producerDay }: StoredHourKey,
  nowMs: number,
): Promise<void> {
  await connection.query(
    "UPDATE rollup_hour_states SET changed_ms = GREATEST(changed_ms, ?) " +
      "WHERE producer_day = ? AND tenant = ? AND hour = ? AND state = ?",
    [nowMs, producerDay, tenant, hour, HOUR_STATE.byMinutes],
  );
}

/** Hours of which something is not summed up, and to none of whose log partitions anything was added lately. */
async function quietHours(connection: PoolConnection, quietSinceMs: number): Promise<StoredHourKey[]> {
  const ofSameHour = ["tenant", "hour", "producer_day"]
    .map((column) => `other.${column} = one.${column}`)
    .join(" AND ");
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT tenant, hour, producer_day FROM rollup_hour_states AS one
      WHERE state = ? AND changed_ms <= ?
        AND NOT EXISTS (SELECT 1 FROM rollup_hour_states AS other WHERE ${ofSameHour} AND other.changed_ms > ?)
      GROUP BY tenant, hour, producer_day ORDER BY MAX(changed_ms) LIMIT ?`,
    [HOUR_STATE.byMinutes, quietSinceMs, quietSinceMs, HOURS_PER_CALL_MAX],
  );
  return rows.map(({ tenant, hour, producer_day }) => ({
    tenant: tenant as Buffer,
    hour: Number(hour),
    producerDay: Number(producer_day),
  }));
}

/** False where another process sums up just now. */
async function sumUpOne(connection: PoolConnection, hour: StoredHourKey): Promise<boolean> {
  const name = "CONCAT('logpulse-hours-', MD5(DATABASE()))"; // At most 64 characters.
  const [[lock]] = await connection.query<RowDataPacket[]>(`SELECT GET_LOCK(${name}, 0) AS held`);
  if (Number(lock?.held) !== 1) return false;
  const { states, sum } = await readHour(connection, hour);
  await replaceHour(connection, hour, states, sum);
  await connection.query(`SELECT RELEASE_LOCK(${name})`); // After an error the connection is closed, which does the same.
  return true;
}
