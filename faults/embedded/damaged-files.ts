import { existsSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import type { SeededRandom } from "../ledger/seeded-random.ts";
import { overwrite } from "./machine-crash.ts";

const HEADER_BYTES = 100;
const PAGE_BYTES = 8_192; // Of both files.
const PAGES_MAX = 5;

/** What no crash does, but a disk, or somebody's hand. */
export interface Damage {
  name: string;
  /** The file that is damaged: a refusal has to name it. */
  file: "log.db" | "store.db";
  /** SQLite has no checksums of pages: what is overwritten where nobody reads it, or within a text, nobody can notice. */
  mayStayUnnoticed: boolean;
  /** Only where the log has every message: a store that somebody has taken away begins anew, with what the log has. */
  needsWholeLog?: true;
  /** False where there is nothing to damage. */
  damage(folder: string, random: SeededRandom): boolean;
}

/** Each is done to a copy of the files of a killed process whose store had settled everything. */
export const DAMAGES: readonly Damage[] = [
  header("store.db"),
  pages("store.db"),
  {
    ...{ name: "storeCut", file: "store.db", mayStayUnnoticed: true },
    damage(folder, random) {
      const path = join(folder, "store.db");
      truncateSync(path, random.between(1, statSync(path).size - 1));
      return true;
    },
  },
  {
    ...{ name: "storeGone", file: "store.db", mayStayUnnoticed: false, needsWholeLog: true },
    damage(folder) {
      rmSync(join(folder, "store.db"));
      return true;
    },
  },
  header("log.db"),
  pages("log.db"),
  {
    // A disk that has said too early that everything is on it. What the log has lost, the store has.
    ...{ name: "logEndLost", file: "log.db", mayStayUnnoticed: false },
    damage(folder) {
      const wal = join(folder, "log.db-wal");
      if (!existsSync(wal) || statSync(wal).size === 0) return false;
      truncateSync(wal, 0);
      return true;
    },
  },
];

function header(file: Damage["file"]): Damage {
  return {
    ...{ name: `${file === "log.db" ? "log" : "store"}Header`, file, mayStayUnnoticed: false },
    damage(folder, random) {
      overwrite(join(folder, file), 0, HEADER_BYTES, random);
      return true;
    },
  };
}

function pages(file: Damage["file"]): Damage {
  return {
    ...{ name: `${file === "log.db" ? "log" : "store"}Pages`, file, mayStayUnnoticed: true },
    damage(folder, random) {
      const path = join(folder, file);
      const last = Math.floor(statSync(path).size / PAGE_BYTES) - 1;
      for (let times = random.between(1, PAGES_MAX); times > 0 && last > 0; times--) {
        const page = random.between(1, last);
        overwrite(path, page * PAGE_BYTES, (page + 1) * PAGE_BYTES, random);
      }
      return last > 0;
    },
  };
}
