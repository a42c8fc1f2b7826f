import { DEAD_LETTERS_COUNTED_MAX } from "../../domain/limits.ts";
import type { LetterPlace, LetterQuery, LetterState } from "../../ports/dead-letter-table.ts";

/** A piece of SQL and the values of its `?`. */
export interface Sql {
  text: string;
  values: unknown[];
}

const NEWEST_FIRST = "ORDER BY listed_ms DESC, letter_key DESC";
const STATES: readonly LetterState[] = ["open", "stored", "expired"];
const OTHER_BYTES = 512; // Of a letter that is listed, beside its original, reason and detail.

/**
 * Key, and `bytes` that the letter takes in an answer, of up to `limit` letters that meet the query, newest first.
 *
 * The rows of each branch are read in the order of an index, and no more of them than are wanted.
 */
export function keysOfPage(
  query: LetterQuery,
  page: { limit: number; after?: LetterPlace; originalBytesMax: number },
): Sql {
  const bytes = `LEAST(original_bytes, ?) + LENGTH(reason) + LENGTH(detail) + ${OTHER_BYTES} AS bytes`;
  const from = `FROM dead_letters${indexOf(query, query.store === undefined ? "by_tenant" : "by_store")}`;
  const branches = branchesOf(query, page.after).map(
    ({ text, values }): Sql => ({
      text: `(SELECT letter_key, listed_ms, ${bytes} ${from} WHERE ${text} ${NEWEST_FIRST} LIMIT ?)`,
      values: [page.originalBytesMax, ...values, page.limit],
    }),
  );
  return {
    text: `${branches.map(({ text }) => text).join(" UNION ALL ")} ${NEWEST_FIRST} LIMIT ?`,
    values: [...branches.flatMap(({ values }) => values), page.limit],
  };
}

/** How many letters meet the query, as `total`; no more are looked for than DEAD_LETTERS_COUNTED_MAX. */
export function countOf(query: LetterQuery): Sql {
  const byStore = query.store !== undefined || query.state !== undefined;
  const from = `FROM dead_letters${indexOf(query, byStore ? "by_store" : "by_tenant")}`;
  const branches = branchesOf(query).map(
    ({ text, values }): Sql => ({
      text: `(SELECT 1 AS one ${from} WHERE ${text} LIMIT ?)`,
      values: [...values, DEAD_LETTERS_COUNTED_MAX],
    }),
  );
  const found = `${branches.map(({ text }) => text).join(" UNION ALL ")} LIMIT ?`;
  return {
    text: `SELECT COUNT(*) AS total FROM (${found}) AS found`,
    values: [...branches.flatMap(({ values }) => values), DEAD_LETTERS_COUNTED_MAX],
  };
}

/** Said and not left to the server, which may prefer to sort all of a tenant's letters. A key finds its row by itself. */
function indexOf({ key }: LetterQuery, index: "by_tenant" | "by_store"): string {
  return key === undefined ? ` FORCE INDEX (${index})` : "";
}

/** Conditions that no letter meets twice, which together find what the query asks for. */
function branchesOf(query: LetterQuery, after?: LetterPlace): Sql[] {
  // Letters of one store are in the order of their time within each state.
  const states = query.store !== undefined && query.state === undefined ? STATES : [query.state];
  return tenantsOf(query).flatMap((tenant) => states.map((state) => conditions(tenant, { ...query, state }, after)));
}

/** Letters without a tenant belong to nobody: everybody sees them. */
function tenantsOf({ tenant }: LetterQuery): string[] {
  return tenant === "" ? [""] : [tenant, ""];
}

function conditions(tenant: string, query: LetterQuery, after?: LetterPlace): Sql {
  const text = (some: string | undefined) => (some === undefined ? undefined : Buffer.from(some));
  const all: [text: string, ...values: unknown[]][] = [
    ["tenant = ?", Buffer.from(tenant)],
    ["store = ?", text(query.store)],
    ["reason = ?", text(query.reason)],
    ["id = ?", text(query.id)],
    ["letter_key = ?", query.key === undefined ? undefined : Buffer.from(query.key, "hex")],
    ["state = ?", text(query.state)],
    ["listed_ms >= ?", query.fromMs],
    ["listed_ms < ?", query.toMs],
    ["listed_ms <= ?", after?.listedMs],
    ["(listed_ms < ? OR letter_key < ?)", after?.listedMs, after && Buffer.from(after.key, "hex")],
  ];
  const given = all.filter(([, value]) => value !== undefined);
  return { text: given.map(([some]) => some).join(" AND "), values: given.flatMap(([, ...values]) => values) };
}
