import type { DiskUse } from "../../../ports/disk-use.ts";
import type { StoreTables } from "./store-tables.ts";

/**
 * What the store's file takes: its pages in use. Which day takes how much is not said: only a walk through every page
 * of the file would tell (a third of a second for each GB, more where it has to come from the disk), and whoever drops
 * days one at a time can look again after each.
 */
export class SqliteDiskUse implements DiskUse {
  private readonly tables: StoreTables;

  constructor(tables: StoreTables) {
    this.tables = tables;
  }

  async usedBytes(): Promise<number> {
    return this.tables.read((database) => {
      const number = (pragma: string) => Number(database.prepare(`PRAGMA ${pragma}`).get()?.[pragma]);
      return (number("page_count") - number("freelist_count")) * number("page_size");
    });
  }

  async recordDays(): Promise<number[]> {
    return this.tables.read(() => this.tables.recordDays());
  }
}
