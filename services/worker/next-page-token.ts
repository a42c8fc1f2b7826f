import type { DeadLetterTable, LetterPlace, LetterQuery } from "../ports/dead-letter-table.ts";
import { letterPageToken } from "./letter-conditions.ts";

/**
 * The token for what stands behind the last letter of a page; empty where nothing does. A page may be short because its
 * letters are large, so only another look tells.
 */
export async function nextPageToken(
  table: Pick<DeadLetterTable, "list">,
  query: LetterQuery,
  last: LetterPlace | undefined,
  signal: AbortSignal,
): Promise<string> {
  if (last === undefined) return "";
  const behind = await table.list(query, { limit: 1, after: last, originalBytesMax: 0 }, signal);
  return behind.length === 0 ? "" : letterPageToken(query, last);
}
