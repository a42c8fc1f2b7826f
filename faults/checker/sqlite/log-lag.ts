import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LogReader } from "./log-reader.ts";
import { SqliteReader, textOf } from "./sqlite-reader.ts";

const ASK_EVERY_MS = 50;

/** Messages of the log that the store has not settled; a position beyond the end counts too. */
export function logLag(log: LogReader, store: SqliteReader): number {
  const known = store.row("SELECT log_id FROM store_state")?.log_id;
  const isThisLog = known instanceof Uint8Array && textOf(known) === log.logId;
  const positions = new Map(
    [...store.rows("SELECT log_partition, next_offset FROM positions")].map((row) => [
      Number(row.log_partition),
      row.next_offset as bigint,
    ]),
  );
  return log.ends().reduce((lag, { partition, end }) => {
    const position = (isThisLog && positions.get(partition)) || 0n;
    return lag + Math.abs(Number(end - position));
  }, 0);
}

/**
 * Resolves when the store has settled everything that the log has, as seen twice in a row.
 *
 * @throws Error saying what is left after `msMax`.
 */
export async function waitUntilSettled(folder: string, msMax: number): Promise<void> {
  const endMs = performance.now() + msMax;
  let last = "the files could not be read";
  for (let settled = 0; settled < 2; await sleep(ASK_EVERY_MS)) {
    if (performance.now() > endMs) throw new Error(`not settled within ${msMax} ms: ${last}`);
    try {
      const lag = lagIn(folder);
      settled = lag === 0 ? settled + 1 : 0;
      last = `${lag} messages are left`;
    } catch (reason) {
      settled = 0;
      last = String(reason); // The process may be making the files at this moment.
    }
  }
}

function lagIn(folder: string): number {
  const log = new LogReader(join(folder, "log.db"));
  try {
    const store = new SqliteReader(join(folder, "store.db"));
    try {
      return logLag(log, store);
    } finally {
      store.close();
    }
  } finally {
    log.close();
  }
}
