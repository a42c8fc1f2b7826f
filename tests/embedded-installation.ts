import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { freePort } from "../stack/free-port.ts";
import { startRole } from "../stack/roles.ts";
import type { RunningServer } from "../stack/server-process.ts";
import type { Installation, StartInstallation } from "./installation.ts";

/** The embedded mode: one process, and its folder. */
export interface EmbeddedInstallation extends Installation {
  process: RunningServer;
  folder: string;
}

/** Starts the embedded mode with a new folder of its own. */
export const startEmbedded = async (settings: Record<string, string> = {}): Promise<EmbeddedInstallation> => {
  const folder = mkdtempSync(join(tmpdir(), "logpulse-data-"));
  const port = await freePort();
  const process = await startRole({
    name: "embedded",
    port,
    env: {
      LOGPULSE_MODE: "embedded",
      LOGPULSE_LISTEN: `127.0.0.1:${port}`,
      LOGPULSE_DATA: folder,
      ...settings,
    },
  });
  return {
    address: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}`,
    stores: [
      {
        name: "sqlite",
        identities: async () => identitiesIn(folder),
        statusCounts: async (producer) => statusCountsIn(folder, producer),
      },
    ],
    judge: "sqlite",
    ingests: new Map([["embedded", process]]),
    processes: [process],
    process,
    folder,
    async stop() {
      await process.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** As `StartInstallation`. */
export const embeddedInstallation: StartInstallation = startEmbedded;

/** `<producer>-<seq>` of every row. */
export function identitiesIn(folder: string): string[] {
  return overDays(folder, (store, day) =>
    store
      .prepare(`SELECT lower(hex(producer)) || '-' || seq AS id FROM records_${day}`)
      .all()
      .map(({ id }) => String(id)),
  );
}

function statusCountsIn(folder: string, producer: string): Record<string, number> {
  const counts: Record<string, number> = {};
  const rows = overDays(folder, (store, day) =>
    store
      .prepare(
        `SELECT status, count(*) AS records FROM records_${day} WHERE producer = unhex(?) AND has_http GROUP BY status`,
      )
      .all(producer),
  );
  for (const { status, records } of rows) counts[String(status)] = (counts[String(status)] ?? 0) + Number(records);
  return counts;
}

function overDays<Row>(folder: string, rowsOf: (store: DatabaseSync, day: number) => Row[]): Row[] {
  const store = new DatabaseSync(join(folder, "store.db"), { readOnly: true, timeout: 5_000 });
  try {
    store.exec("BEGIN"); // All days as they are at one moment.
    const days = store.prepare("SELECT day FROM record_days").all();
    return days.flatMap(({ day }) => rowsOf(store, Number(day)));
  } finally {
    store.close();
  }
}
