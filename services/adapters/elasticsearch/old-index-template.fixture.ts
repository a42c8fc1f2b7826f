import { HTTP_LONG_BYTES_MAX } from "../../domain/limits.ts";
import type { LoggedBatch } from "../../domain/logged-batch.ts";
import { documentHead, documentJson } from "./document.ts";
import { indexPatterns, TIME_FORMAT } from "./index-template.ts";

const keyword = { type: "keyword", ignore_above: HTTP_LONG_BYTES_MAX } as const;
const storedOnly = { type: "text", index: false } as const;
const time = { type: "date_nanos", format: TIME_FORMAT } as const;

/** The mapping of the first version, before the method's lower case and exact agents, referers and protocols. */
export const OLD_MAPPINGS = {
  dynamic: false,
  properties: {
    time,
    received_time: time,
    tenant: keyword,
    producer: keyword,
    seq: { type: "long" },
    severity: { type: "integer" },
    severity_text: keyword,
    service: keyword,
    message: storedOnly,
    words: { type: "text", analyzer: "whitespace", norms: false, index_options: "positions" },
    label_words: { type: "text", analyzer: "whitespace", norms: false, index_options: "docs" },
    attributes: { type: "flattened", ignore_above: HTTP_LONG_BYTES_MAX },
    attributes_unindexed: { type: "object", enabled: false },
    trace_id: keyword,
    span_id: keyword,
    settled: keyword,
    http: {
      properties: {
        client_ip: keyword,
        method: keyword,
        path: keyword,
        status: { type: "integer" },
        latency_nanos: { type: "long", ignore_malformed: true },
        response_bytes: { type: "long" },
        user_agent: storedOnly,
        referer: storedOnly,
        protocol: storedOnly,
      },
    },
  },
} as const;

/** The template of the first version. */
export function oldTemplate(prefix: string) {
  const settings = { number_of_shards: 1, number_of_replicas: 0 };
  return { index_patterns: indexPatterns(prefix), priority: 500, template: { settings, mappings: OLD_MAPPINGS } };
}

/** The documents of a batch by their ids, as the first version wrote them. */
export function oldDocuments(batch: LoggedBatch): [id: string, document: object][] {
  const head = documentHead(batch);
  return batch.records.map((logged) => {
    const { http, ...rest } = JSON.parse(documentJson(head, logged));
    const id = `${batch.tenant}/${batch.producer}-${logged.seq}`;
    return [id, { ...rest, http: http && { ...http, method_lower: undefined } }];
  });
}
