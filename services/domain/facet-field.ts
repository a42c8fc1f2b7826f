import type { NumberField, TextField } from "./condition.ts";

/**
 * A field whose values can be counted. `level` is the range of the severity, by SEVERITY_RANGE_NAMES; NONE is no value.
 * Neither is an empty text, of an attribute either.
 */
export type FacetField =
  | { kind: "text"; field: TextField }
  | { kind: "number"; field: NumberField }
  | { kind: "level" }
  | { kind: "attribute"; path: string };
