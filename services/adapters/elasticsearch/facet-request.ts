import type { NumberField } from "../../domain/condition.ts";
import { FACET_VALUES_PER_INDEX_MAX } from "../../domain/limits.ts";
import { SEVERITY_RANGE_NAMES } from "../../domain/severity.ts";
import type { FacetCounts, FacetField } from "../../ports/log-aggregates.ts";
import { has } from "./clause.ts";
import { attributeField, NUMBER_FIELD, TEXT_FIELD } from "./field-names.ts";
import { SEVERITY_RANGES, severityCounts } from "./severity-ranges.ts";

/** How the values of a field are counted. */
export interface Facet {
  /** The aggregation to ask for. */
  aggregation: object;
  /** Reads its answer. */
  read(answer: unknown): FacetCounts;
}

/** The facet of at most `size` values of a field; undefined for a field that no record can have. */
export function facetOf(field: FacetField, size: number): Facet | undefined {
  switch (field.kind) {
    case "level":
      return { aggregation: SEVERITY_RANGES, read: (answer) => readLevels(answer, size) };
    case "number":
      return numberFacet(field.field, size);
    case "text":
      return textFacet(TEXT_FIELD[field.field], size);
    case "attribute": {
      const name = attributeField(field.path);
      return name === undefined ? undefined : textFacet(name, size);
    }
  }
}

interface TermsAnswer {
  buckets: { key: string | number; key_as_string?: string; doc_count: number }[];
  /** Of what the indices left out, which named their most frequent values only. */
  doc_count_error_upper_bound: number;
}

/** Ordered by Elasticsearch itself: the most frequent first, then by key, texts by their bytes. */
function terms(field: string, size: number, more: object = {}): object {
  return { terms: { field, size, shard_size: Math.max(size, FACET_VALUES_PER_INDEX_MAX), ...more } };
}

/** "" may be among the terms, and is no value. */
function textFacet(field: string, size: number): Facet {
  return {
    aggregation: terms(field, size + 1),
    read: (answer) => {
      const { values, countErrorMax } = readTerms(answer as TermsAnswer);
      return { values: values.filter(({ value }) => value !== "").slice(0, size), countErrorMax };
    },
  };
}

function numberFacet(field: NumberField, size: number): Facet {
  const format = "0"; // Keys also as text: as JSON numbers they lose digits.
  const name = NUMBER_FIELD[field];
  if (field !== "response_bytes") {
    return { aggregation: terms(name, size, { format }), read: (answer) => readTerms(answer as TermsAnswer) };
  }
  // Records with `http` that lack the number have 0 of them.
  const values = terms(name, size, { format, missing: 0 });
  return {
    aggregation: { filter: has(NUMBER_FIELD.status), aggs: { values } },
    read: (answer) => readTerms((answer as { values: TermsAnswer }).values),
  };
}

function readTerms({ buckets, doc_count_error_upper_bound }: TermsAnswer): FacetCounts {
  const values = buckets.map(({ key, key_as_string, doc_count }) => ({
    value: key_as_string ?? String(key),
    count: doc_count,
  }));
  return { values, countErrorMax: doc_count_error_upper_bound };
}

function readLevels(answer: unknown, size: number): FacetCounts {
  const values = severityCounts(answer)
    .map((count, place) => ({ value: SEVERITY_RANGE_NAMES[place + 1]!, count }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count) // Stable: of equally frequent ones the less severe first.
    .slice(0, size);
  return { values, countErrorMax: 0 };
}
