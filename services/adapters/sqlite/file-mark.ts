import type { DatabaseSync } from "node:sqlite";
import { LogPulseError } from "../../domain/errors.ts";

/** How a file of ours is told from others'. */
export interface FileMark {
  /** What the file is, for people: "the log's file". */
  what: string;
  /** In its header: whose file it is (sqlite.org/pragma.html#pragma_application_id). */
  applicationId: number;
  /** Of its tables: to be raised with every change of them. */
  version: number;
  /** Versions before that which this program brings up to date. */
  olderVersions: readonly number[];
}

/**
 * The version of our tables in the file, the newest or one of the older ones; undefined where it is empty.
 *
 * @throws LogPulseError `bug` where it is another program's, or of a version that this one does not know.
 */
export function markedVersion(database: DatabaseSync, mark: FileMark): number | undefined {
  const { what, applicationId, version, olderVersions } = mark;
  const application = numberOf(database, "application_id");
  const found = numberOf(database, "user_version");
  if (application === applicationId && [version, ...olderVersions].includes(found)) return found;
  if (application === applicationId) {
    throw new LogPulseError(
      "bug",
      `${what} has tables of version ${found}; this program knows version ${version}: name another folder in ` +
        "LOGPULSE_DATA, or run the program that made these tables",
    );
  }
  const [first] = database.prepare("SELECT name FROM sqlite_schema LIMIT 1").all();
  if (application !== 0 || first) throw new LogPulseError("bug", `${what} belongs to another program`);
  return undefined;
}

/** Marks a file as ours, and of the newest version; in the transaction that creates its tables or changes them. */
export function setMark(database: DatabaseSync, { applicationId, version }: FileMark): void {
  database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${version}`);
}

function numberOf(database: DatabaseSync, pragma: "application_id" | "user_version"): number {
  return Number(database.prepare(`PRAGMA ${pragma}`).get()?.[pragma]);
}
