import type { ParseQueryRequest } from "../../gen/logpulse/v1/query_service_pb.ts";
import { conditionOf } from "../domain/filter-condition.ts";
import { parseQuery } from "../domain/query-text/parse-query.ts";
import { queryText } from "../domain/query-text/query-text.ts";

/** What a text means, or what is wrong with it: the answer either way, not an error. */
export function parsedQuery({ query }: ParseQueryRequest) {
  const parsed = parseQuery(query);
  if ("errors" in parsed) return { errors: parsed.errors };
  conditionOf(parsed.filter, "query"); // Whatever the text form lets through, a search must take.
  return { filter: parsed.filter, canonical: queryText(parsed.filter) };
}
