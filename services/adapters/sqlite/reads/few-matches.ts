import { ASKED_WORDS, STILL_WANTED, type StoreReader } from "./store-reader.ts";

/**
 * The ids of all records of a day that have the words, as JSON; undefined where they are more than `countMax`. SQLite
 * stops looking there; where several words are common, but not together, it reads all that the index has of each.
 */
export function fewMatches(reader: StoreReader, day: number, match: string, countMax: number): string | undefined {
  const sql =
    "SELECT count(*), json_group_array(id) FROM (SELECT rowid AS id " +
    `FROM words_${day} WHERE words_${day} MATCH ${ASKED_WORDS} AND ${STILL_WANTED} LIMIT ?)`;
  const [count, ids] = reader.row(sql, match, countMax + 1)!;
  return Number(count) > countMax ? undefined : (ids as string);
}
