import type { Connection as CoreConnection } from "mysql2";
import type { PoolConnection, RowDataPacket } from "mysql2/promise";

/**
 * Hands over the rows of a statement one at a time, as they come from the server, so that memory does not grow with their
 * number. `take` must not wait for anything: nothing holds the rows back meanwhile.
 *
 * Resolves after the last row, also where `take` has thrown: only then can the connection be asked anything else.
 *
 * @throws what `take` has thrown; errors of mysql2.
 */
export async function forEachRow(
  connection: PoolConnection,
  sql: string,
  values: readonly unknown[],
  take: (row: RowDataPacket) => void,
): Promise<void> {
  // The promise interface gathers all rows; the connection below it, which its types do not show, tells of each. So does
  // its stream, which costs several times what a row does.
  const core = connection.connection as unknown as CoreConnection;
  let failure: { reason: unknown } | undefined;
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  core.on("error", reject); // A statement without a callback is not told of a lost connection.
  try {
    const query = core.query(sql, [...values]);
    query.on("error", reject);
    query.on("end", () => resolve());
    query.on("result", (row) => {
      if (failure) return;
      try {
        take(row as RowDataPacket);
      } catch (reason) {
        failure = { reason };
      }
    });
    await ended;
  } finally {
    core.off("error", reject);
  }
  if (failure) throw (failure as { reason: unknown }).reason;
}
