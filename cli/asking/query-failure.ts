import { Code, ConnectError } from "@connectrpc/connect";
import type { QueryError } from "../../gen/logpulse/v1/query_service_pb.ts";
import { QUERY_SHOWN_COLUMNS_MAX } from "../../services/domain/limits.ts";
import { serverWords } from "../call-failure.ts";
import type { ServerConnection } from "../connection.ts";
import { CommandFailure, EXIT } from "../exit-code.ts";
import { drawnText } from "../terminal/drawn-text.ts";
import { textWidth } from "../terminal/text-width.ts";

/**
 * What the call resolves to. Where the server cannot read the query, it is asked for all that is wrong with it.
 *
 * @throws CommandFailure that shows the places in the query; anything else as it was thrown.
 */
export async function tellingQueryErrors<Answer>(
  connection: ServerConnection,
  query: string,
  call: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await call();
  } catch (reason) {
    if (!isAboutQuery(reason)) throw reason;
    const { errors } = await connection.query.parseQuery({ query });
    throw errors.length === 0 ? reason : queryFailure(query, errors);
  }
}

function isAboutQuery(reason: unknown): boolean {
  if (!(reason instanceof ConnectError) || reason.code !== Code.InvalidArgument) return false;
  return serverWords(reason)?.metadata.field === "query";
}

/** Each error with its place in the query and what to write instead. */
export function queryFailure(query: string, errors: readonly QueryError[]): CommandFailure {
  const [first, ...others] = errors.map((error) => `${error.message}\n${placeOf(query, error)}${suggestionOf(error)}`);
  return new CommandFailure(EXIT.usage, [`the query cannot be read. ${first}`, ...others].join("\n"), undefined);
}

/** The query with carets below the place; of a long one what is around it. */
function placeOf(query: string, { position, length }: QueryError): string {
  const characters = Array.from(query);
  const from = Math.max(0, position - QUERY_SHOWN_COLUMNS_MAX / 2);
  const to = Math.min(characters.length, from + QUERY_SHOWN_COLUMNS_MAX);
  const drawn = (start: number, end: number) => drawnText(characters.slice(start, Math.max(start, end)).join(""));
  const before = (from > 0 ? "…" : "") + drawn(from, position);
  const shown = `${before}${drawn(position, to)}${to < characters.length ? "…" : ""}`;
  const carets = Math.max(1, textWidth(drawn(position, Math.min(to, position + length))));
  return `  ${shown}\n  ${" ".repeat(textWidth(before))}${"^".repeat(carets)}`;
}

function suggestionOf({ suggestion, suggestionLabel }: QueryError): string {
  if (suggestion === "") return "";
  const label = suggestionLabel === "" ? "" : `   (${suggestionLabel})`;
  return `\nTry: ${suggestion}${label}`;
}
