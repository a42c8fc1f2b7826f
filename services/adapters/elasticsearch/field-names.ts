import type { NumberField, TextField } from "../../domain/condition.ts";

/** The fields of the index whose values are the records' texts, as they were sent. */
export const TEXT_FIELD: Readonly<Record<TextField, string>> = {
  service: "service",
  severity_text: "severity_text",
  trace_id: "trace_id",
  span_id: "span_id",
  client_ip: "http.client_ip",
  method: "http.method",
  path: "http.path",
  user_agent: "http.user_agent.exact",
  referer: "http.referer.exact",
  protocol: "http.protocol.exact",
};

/** The fields of the index with numbers. `http.response_bytes` is not there where it is 0. */
export const NUMBER_FIELD: Readonly<Record<NumberField, string>> = {
  severity: "severity",
  status: "http.status",
  latency_nanos: "http.latency_nanos",
  response_bytes: "http.response_bytes",
};

/** The method's lower case, which is what conditions compare. Not in documents of before there was this field. */
export const METHOD_LOWER_FIELD = "http.method_lower";

/** There for each text field but these two, which are there for every record, as "" where the record has none. */
export function mayBeEmpty(field: TextField): boolean {
  return field === "service" || field === "severity_text";
}

/** The field of the index below which an attribute's values are; undefined for a path that no indexed value can have. */
export function attributeField(path: string): string | undefined {
  // A term is path, NUL, value: with a NUL of its own it would find values of other paths.
  return path.includes("\0") ? undefined : `attributes.${path}`;
}
