import type { ParseQueryRequest } from "../../gen/logpulse/v1/query_service_pb.ts";
import { isKind } from "../domain/errors.ts";
import { conditionOf } from "../domain/filter-condition.ts";
import { parseQuery } from "../domain/query-text/parse-query.ts";
import { queryText } from "../domain/query-text/query-text.ts";

/** What a text means, or what is wrong with it: the answer either way, not an error. */
export function parsedQuery({ query }: ParseQueryRequest) {
  const parsed = parseQuery(query);
  if ("errors" in parsed) return { errors: parsed.errors };
  try {
    conditionOf(parsed.filter, "query");
  } catch (reason) {
    // The text form knows the limits of a filter; should it let one through, that is no answer to a search either.
    if (!isKind(reason, "invalid_request")) throw reason;
    return { errors: [{ position: 0, length: Array.from(query).length, message: `${reason.message}.` }] };
  }
  return { filter: parsed.filter, canonical: queryText(parsed.filter) };
}
