import { HTTP_LONG_BYTES_MAX } from "../../domain/limits.ts";

/** A clause of Elasticsearch's query language. */
export type Clause = Readonly<Record<string, unknown>>;

/** Every document. */
export const EVERYTHING: Clause = { match_all: {} };

/** No document. */
export const NOTHING: Clause = { match_none: {} };

/** All of them; of none: everything. Nothing is ranked: filters are cheaper, and cached. */
export function allOf(clauses: readonly Clause[]): Clause {
  if (clauses.length === 0) return EVERYTHING;
  return clauses.length === 1 ? clauses[0]! : { bool: { filter: clauses } };
}

/** At least one of them; of none: nothing. */
export function oneOf(clauses: readonly Clause[]): Clause {
  if (clauses.length === 0) return NOTHING;
  return clauses.length === 1 ? clauses[0]! : { bool: { should: clauses, minimum_should_match: 1 } };
}

/** What does not meet it. */
export function noneOf(clause: Clause): Clause {
  return { bool: { must_not: [clause] } };
}

/** How the letters of a keyword are compared: as they are unless given. */
export interface Letters {
  /** Those of ASCII alone. */
  case_insensitive?: true;
}

/** The field has exactly this term. */
export function term(field: string, value: string | number, letters: Letters = {}): Clause {
  // No field has a longer one, and beyond some length Elasticsearch refuses the query.
  if (typeof value === "string" && value.length > HTTP_LONG_BYTES_MAX) return NOTHING;
  return { term: { [field]: { value, ...letters } } };
}

/** The field has a term that begins with this; with "": any term. */
export function prefix(field: string, value: string, letters: Letters = {}): Clause {
  return { prefix: { [field]: { value, ...letters } } };
}

/** The field, a keyword, has this text somewhere in it. */
export function contains(field: string, text: string, letters: Letters = {}): Clause {
  return { wildcard: { [field]: { value: `*${text.replace(WILDCARD_SYNTAX, "\\$&")}*`, ...letters } } };
}

const WILDCARD_SYNTAX = /[\\*?]/g;

/** The document has the field. Not for fields below `attributes`, in whose names `*` would be a pattern. */
export function has(field: string): Clause {
  return { exists: { field } };
}
