import type { GetFacetsRequest } from "../../gen/logpulse/v1/query_service_pb.ts";
import { facetField } from "../domain/field-names.ts";
import { FACET_FIELDS_MAX, FACET_VALUES_DEFAULT, FACET_VALUES_MAX } from "../domain/limits.ts";
import { facetValueQuery } from "../domain/query-text/facet-value-query.ts";
import { invalidField } from "../domain/request-fields.ts";
import type { LogAggregates } from "../ports/log-aggregates.ts";
import type { CallContext } from "../ports/service-handlers.ts";
import { readRecordQuery } from "./read-questions.ts";

/** The most frequent values of the fields asked for. */
export async function facets(aggregates: LogAggregates, request: GetFacetsRequest, context: CallContext) {
  const query = readRecordQuery(context.tenant, request);
  const names = request.fields;
  if (names.length < 1 || names.length > FACET_FIELDS_MAX) {
    throw invalidField("fields", `has ${names.length} names; it must have from 1 to ${FACET_FIELDS_MAX}`);
  }
  const { valuesMax } = request;
  if (valuesMax < 0 || valuesMax > FACET_VALUES_MAX) {
    throw invalidField("values_max", `is ${valuesMax}; it must be from 1 to ${FACET_VALUES_MAX}`);
  }
  const fields = names.map((name, index) => facetField(name, `fields[${index}]`));
  const counted = await aggregates.facets(query, fields, valuesMax || FACET_VALUES_DEFAULT, context.signal);
  const facets = counted.map(({ values, countErrorMax }, index) => ({
    field: names[index]!,
    values: values.map(({ value, count }) => ({ value, count, query: facetValueQuery(fields[index]!, value) })),
    countErrorMax,
  }));
  return { facets };
}
