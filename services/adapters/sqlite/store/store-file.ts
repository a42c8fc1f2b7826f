import { existsSync, statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { LogPulseError, reasonText } from "../../../domain/errors.ts";
import { SQLITE_STORE_CACHE_KIB } from "../../../domain/limits.ts";
import { openDatabase, transaction } from "../database.ts";
import { isDamage, toStoreError } from "../errors.ts";
import { isMarkedDamaged, MARKER_NAME, markDamaged, setAside } from "./store-damage.ts";
import { createStore, lookForStore } from "./store-schema.ts";

/** How the store's file is opened. */
export interface StoreFileSettings {
  path: string;
  /** True where the log still has every message from its first on: then a new store can be filled from it. */
  rebuildable: boolean;
  /** For the names of what is set aside, in milliseconds since 1970. */
  nowMs: number;
}

/** An open store. */
export interface OpenedStore {
  /** The connection of its one writer. */
  database: DatabaseSync;
  /** True where it was begun now: everything has to come from the log. */
  isNew: boolean;
  /** Where the file was damaged: where it is now, untouched, and what was found. To be told loudly. */
  setAside: { path: string; reason: string } | undefined;
}

/**
 * Opens the store's file for its one writer, or begins a new one. Tables of an older version are brought up to date.
 *
 * A damaged file is never written to. Where the log can fill a new one it is set aside and a new one is begun; otherwise
 * this refuses, since a new one would be without what the log no longer has. Where there is no file at all a new one is
 * begun either way: somebody has moved the old one away, as the refusal asks.
 *
 * @throws LogPulseError `store_unavailable`, in words for an operator where the file is damaged; `bug` where it is
 *   another program's or another version's. Nothing was changed then.
 */
export function openStoreFile(settings: StoreFileSettings): OpenedStore {
  const { path, rebuildable, nowMs } = settings;
  let damage: { text: string; cause?: unknown };
  try {
    const known = knownDamage(path);
    if (known === undefined) return openTrusted(path, rebuildable);
    damage = { text: known };
  } catch (reason) {
    if (!isDamage(reason)) throw toStoreError(reason);
    damage = { text: reasonText(reason), cause: reason };
  }
  if (!rebuildable) throw refusal(path, damage.text, damage.cause);
  markDamaged(path, new Error(damage.text)); // Until all its files have other names.
  const aside = setAside(path, nowMs);
  return { ...openTrusted(path, rebuildable), setAside: { path: aside, reason: damage.text } };
}

/** What is to be seen before SQLite has looked at the file. */
function knownDamage(path: string): string | undefined {
  if (isMarkedDamaged(path)) return `damage was found in it before, and noted in ${MARKER_NAME} beside it`;
  const wal = bytesOf(`${path}-wal`) ?? 0;
  // SQLite would delete the WAL of an empty or missing file.
  if (wal > 0 && (bytesOf(path) ?? 0) === 0) return "it is empty or missing, but changes to it stand in its WAL";
  return undefined;
}

function openTrusted(path: string, rebuildable: boolean): OpenedStore {
  const isThere = existsSync(path);
  // A look first: opening for writing would already change another program's file.
  const isNew = !isThere || !lookAt(path);
  if (isNew && isThere && !rebuildable) throw refusal(path, "it has no tables");
  const database = openDatabase(path, { synchronous: "NORMAL", cacheKiB: SQLITE_STORE_CACHE_KIB });
  try {
    transaction(database, () => createStore(database));
    return { database, isNew, setAside: undefined };
  } catch (reason) {
    database.close();
    throw reason;
  }
}

/** True where the file has the store's tables. Reads what every start needs, so that damage there is found now. */
function lookAt(path: string): boolean {
  const database = openDatabase(path, { readOnly: true, synchronous: "NORMAL", cacheKiB: 1_000 });
  try {
    if (!lookForStore(database).isThere) return false;
    database.prepare("SELECT * FROM store_state, positions").all();
    for (const { day } of database.prepare("SELECT day FROM record_days").all()) {
      database.prepare(`SELECT max(id) FROM records_${day}`).get();
    }
    return true;
  } finally {
    database.close();
  }
}

function refusal(path: string, damage: string, cause?: unknown): LogPulseError {
  return new LogPulseError(
    "store_unavailable",
    `the store's file ${path} is damaged: ${damage}. Nothing was changed. It cannot be made again from the log, which ` +
      "no longer has every message. Either put a backup in its place (of the file and of its -wal, both of the same " +
      "time), or move its files away and so accept that what the log no longer has is gone from the store. Remove " +
      `${MARKER_NAME} too, where it is there`,
    { cause },
  );
}

function bytesOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}
