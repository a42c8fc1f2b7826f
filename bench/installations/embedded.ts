import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../stack/free-port.ts";
import { serverDirectory, startServer } from "../../stack/server-process.ts";
import { addBatch, type Identities } from "../measure/identities.ts";
import { ProcessFigures } from "../measure/process-figures.ts";
import type { Started } from "./installation.ts";

const MAIN = join(import.meta.dirname, "..", "..", "services", "main.ts");
const STORE_THREADS = /^logpulse-(store|read)/; // As the program names them.
const DISK_MIB = "100000"; // Some runs store more than the usual 10 GiB, beyond which records are refused.
const SETTLED_LOOK_MS = 100;
const SETTLED_MS_MAX = 600_000;

/** The embedded mode on files of a new folder. `settings`: variables as services/config.ts knows them. */
export async function startEmbedded(settings: Record<string, string> = {}): Promise<Started> {
  const port = await freePort();
  const directory = serverDirectory("embedded", undefined);
  const data = join(directory, "data");
  const server = await startServer({
    name: "embedded",
    command: process.execPath,
    args: [MAIN],
    env: {
      LOGPULSE_LISTEN: `127.0.0.1:${port}`,
      LOGPULSE_DATA: data,
      LOGPULSE_LOG_LEVEL: "warn",
      LOGPULSE_DISK_MIB: DISK_MIB,
      ...settings,
    },
    port,
    directory,
    outlivesUs: undefined,
    healthy: async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok,
    startMsMax: 30_000,
  });
  const figures = new ProcessFigures(server.pid);
  const log = new DatabaseSync(join(data, "log.db"), { readOnly: true, timeout: 5_000 });
  const store = new DatabaseSync(join(data, "store.db"), { readOnly: true, timeout: 5_000 });
  return {
    installations: [
      {
        name: "embedded",
        address: server.address,
        processes: [figures],
        cpuSeconds: () => ({
          "embedded without its threads that store": figures.cpuSeconds() - figures.cpuSecondsOfThreads(STORE_THREADS),
        }),
        settle: () => untilStored(log, store),
        async kept() {
          await untilStored(log, store);
          return identitiesInStore(store);
        },
      },
    ],
    async stop() {
      log.close();
      store.close();
      await server.remove();
    },
  };
}

async function untilStored(log: DatabaseSync, store: DatabaseSync): Promise<void> {
  const endMs = performance.now() + SETTLED_MS_MAX;
  while (positionOf(store) < endOf(log)) {
    if (performance.now() > endMs) throw new Error(`the store has not caught up within ${SETTLED_MS_MAX} ms`);
    await sleep(SETTLED_LOOK_MS);
  }
}

/** The offset behind the log's last message. */
function endOf(log: DatabaseSync): number {
  const { end } = log
    .prepare(
      "SELECT max(least_next_offset, (SELECT ifnull(max(offset) + 1, 0) FROM messages_0)) AS end FROM log_partitions",
    )
    .get()!;
  return Number(end);
}

/** The offset up to which everything is settled in the store. */
function positionOf(store: DatabaseSync): number {
  return Number(store.prepare("SELECT ifnull(max(next_offset), 0) AS position FROM positions").get()!.position);
}

/** Every identity in a store file, as often as it stands there. */
export function identitiesInStore(store: DatabaseSync): Identities {
  const kept: Identities = {};
  for (const { day } of store.prepare("SELECT day FROM record_days").all()) {
    const rows = store.prepare(`SELECT lower(hex(producer)) AS producer, seq FROM records_${Number(day)} ORDER BY id`);
    for (const { producer, seq } of rows.iterate()) addBatch(kept, String(producer), Number(seq), 1);
  }
  return kept;
}
