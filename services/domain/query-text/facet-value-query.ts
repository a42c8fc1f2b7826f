import type { Filter } from "../../../gen/logpulse/v1/filter_pb.ts";
import type { FacetField } from "../facet-field.ts";
import { QUERY_TEXT_BYTES_MAX } from "../limits.ts";
import { attributeOf, levelOf, numberOf, textOf } from "./make-filter.ts";
import { queryText } from "./query-text.ts";

/**
 * The term of a query that finds the records with this value, one that was counted for the field. "" where the term is
 * longer than a query may be.
 */
export function facetValueQuery(field: FacetField, value: string): string {
  const term = queryText(filterOfValue(field, value));
  return Buffer.byteLength(term) > QUERY_TEXT_BYTES_MAX ? "" : term;
}

function filterOfValue(field: FacetField, value: string): Filter {
  switch (field.kind) {
    case "text":
      return textOf(field.field, "equals", value);
    case "attribute":
      return attributeOf(field.path, "equals", value);
    case "number":
      return numberOf(field.field, { min: BigInt(value), max: BigInt(value) });
    case "level":
      return levelOf(value);
  }
}
