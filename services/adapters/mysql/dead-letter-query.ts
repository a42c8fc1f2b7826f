import type { LetterPlace, LetterQuery } from "../../ports/dead-letter-table.ts";

/** A piece of SQL and the values of its `?`. */
export interface Sql {
  text: string;
  values: unknown[];
}

const NEWEST_FIRST = "ORDER BY listed_ms DESC, letter_key DESC";
const OTHER_BYTES = 512; // Of a letter that is listed, beside its original, reason and detail.

/**
 * Key, and `bytes` that the letter takes in an answer, of up to `limit` letters that meet the query, newest first.
 *
 * Each tenant's rows are read in the order of the index, and no more of them than are wanted.
 */
export function keysOfPage(
  query: LetterQuery,
  page: { limit: number; after?: LetterPlace; originalBytesMax: number },
): Sql {
  const bytes = `LEAST(original_bytes, ?) + LENGTH(reason) + LENGTH(detail) + ${OTHER_BYTES} AS bytes`;
  const branches = tenantsOf(query).map((tenant): Sql => {
    const { text, values } = conditions(tenant, query, page.after);
    return {
      text: `(SELECT letter_key, listed_ms, ${bytes} FROM dead_letters WHERE ${text} ${NEWEST_FIRST} LIMIT ?)`,
      values: [page.originalBytesMax, ...values, page.limit],
    };
  });
  return {
    text: `${branches.map(({ text }) => text).join(" UNION ALL ")} ${NEWEST_FIRST} LIMIT ?`,
    values: [...branches.flatMap(({ values }) => values), page.limit],
  };
}

/** How many letters meet the query, as `total`. */
export function countOf(query: LetterQuery): Sql {
  const branches = tenantsOf(query).map((tenant) => conditions(tenant, query));
  const counts = branches.map(({ text }) => `(SELECT COUNT(*) FROM dead_letters WHERE ${text})`);
  return { text: `SELECT ${counts.join(" + ")} AS total`, values: branches.flatMap(({ values }) => values) };
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
