import type { PoolConnection } from "mysql2/promise";
import { isKind, LogPulseError } from "../../domain/errors.ts";
import type { MysqlConnections } from "./connections.ts";

/**
 * As `MysqlConnections.use`, for questions that may be too much to ask: where there is no answer within `msMax`, a server
 * that answers others is not to blame.
 *
 * @throws LogPulseError `query_too_costly` then; `store_unavailable` where the server, or a connection to it, is away.
 */
export async function askWithin<T>(
  connections: MysqlConnections,
  msMax: number,
  signal: AbortSignal,
  work: (connection: PoolConnection) => Promise<T>,
): Promise<T> {
  let beganMs = Number.POSITIVE_INFINITY;
  const begin = (connection: PoolConnection) => {
    beganMs = performance.now();
    return work(connection);
  };
  try {
    return await connections.use(begin, msMax, signal);
  } catch (reason) {
    // One that waited for a connection most of its time is not to blame either.
    const isLate = isKind(reason, "store_unavailable") && performance.now() - beganMs >= msMax / 2;
    if (!isLate) throw reason;
    await connections.check();
    throw new LogPulseError("query_too_costly", `it would take longer than ${msMax} ms: ask for less`, {
      cause: reason,
    });
  }
}
