import { fromBinary, type JsonObject } from "@bufbuild/protobuf";
import { LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { type Content, contentOf, type HttpContent } from "./record-content.ts";
import { dayOfProducer, type StoredCopy } from "./stored-copy.ts";

const PAGE = 2_000;
const KEEP_ALIVE = "1m";
const ANSWER_MS_MAX = 60_000;

/** A document as LogPulse documents it (docs/decisions/005); 64-bit numbers are text. */
interface Document {
  time: string;
  received_time: string;
  tenant: string;
  producer: string;
  seq: number;
  severity: number;
  severity_sent?: number;
  severity_text: string;
  service: string;
  message: string;
  attributes?: JsonObject;
  attributes_unindexed?: JsonObject;
  trace_id?: string;
  span_id?: string;
  raw?: string;
  http?: Record<string, string> & { status: number };
  /** Base64 of the encoded record, where JSON cannot say all of it. */
  original?: string;
  /** It stands for a seq that has no record. */
  settled?: unknown;
}

interface Hit {
  _id: string;
  _index: string;
  _source: Document;
  sort: unknown[];
}

/**
 * Every record in the indices of a prefix, after a refresh, each as often as it stands there. Read over plain HTTP: the
 * client library guards against keys like "__proto__", which are attribute keys like any other here.
 *
 * @throws Error where fewer or more were read than Elasticsearch counts.
 */
export async function* exportElasticsearch(url: string, indexPrefix: string): AsyncGenerator<StoredCopy> {
  const indices = `${indexPrefix}-1*,${indexPrefix}-2*`;
  await ask(url, "POST", `/${indices}/_refresh`);
  const { count } = await ask<{ count: number }>(url, "GET", `/${indices}/_count`);
  if (count === 0) return; // Also where there is no index yet: a point in time cannot be opened on nothing.
  const { id } = await ask<{ id: string }>(url, "POST", `/${indices}/_pit?keep_alive=${KEEP_ALIVE}`);
  let read = 0;
  try {
    for await (const hit of hitsOf(url, id)) {
      read++;
      if (hit._source.settled === undefined) yield copyOf(hit, indexPrefix);
    }
  } finally {
    await ask(url, "DELETE", "/_pit", { id });
  }
  if (read !== count) throw new Error(`Elasticsearch counts ${count} documents where ${read} were read`);
}

/** By `_shard_doc`: no two documents share it, so no page can end between two copies of one identity. */
async function* hitsOf(url: string, id: string): AsyncGenerator<Hit> {
  let after: unknown[] | undefined;
  for (;;) {
    const request = {
      size: PAGE,
      pit: { id, keep_alive: KEEP_ALIVE },
      sort: [{ _shard_doc: "asc" }],
      search_after: after,
      track_total_hits: false,
      _source: { excludes: ["words", "label_words"] },
    };
    const { hits } = await ask<{ hits: { hits: Hit[] } }>(url, "POST", "/_search", request);
    yield* hits.hits;
    after = hits.hits.at(-1)?.sort;
    if (after === undefined) return;
  }
}

async function ask<Answer>(url: string, method: string, path: string, body?: object): Promise<Answer> {
  const answer = await fetch(url + path, {
    method,
    headers: { "content-type": "application/json" },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text.slice(0, 500)}`);
  return JSON.parse(text) as Answer;
}

function copyOf({ _id, _index, _source }: Hit, indexPrefix: string): StoredCopy {
  const { tenant, producer, seq, severity, original } = _source;
  const fields = contentOfFields(_source);
  const content =
    original === undefined ? fields : contentOf(fromBinary(LogRecordSchema, Buffer.from(original, "base64")));
  const day = new Date(dayOfProducer(producer) * 86_400_000).toISOString().slice(0, 10).replaceAll("-", "");
  let flaw: string | undefined;
  if (_id !== `${tenant}/${producer}-${seq}`) flaw = `its _id is ${_id}`;
  else if (_index !== `${indexPrefix}-${day}`) flaw = `it is in the index ${_index}`;
  else if (!sameTexts(content, fields)) flaw = "its fields and its original differ";
  return {
    ...{ tenant, producer, seq, content, severity, flaw },
    timeNanos: nanosOf(_source.time),
    receivedNanos: nanosOf(_source.received_time),
  };
}

function contentOfFields(document: Document): Content {
  const { attributes, attributes_unindexed: unindexed, raw, http } = document;
  return {
    timeNanos: nanosOf(document.time),
    severity: document.severity_sent ?? document.severity,
    severityText: document.severity_text,
    service: document.service,
    message: document.message,
    attributes: unindexed ? { ...attributes, ...unindexed } : attributes,
    traceId: document.trace_id ?? "",
    spanId: document.span_id ?? "",
    raw: raw === undefined ? undefined : Buffer.from(raw, "base64"),
    http: http && httpOf(http),
    unknownFields: 0,
  };
}

function httpOf(http: NonNullable<Document["http"]>): HttpContent {
  return {
    clientIp: http.client_ip ?? "",
    method: http.method ?? "",
    path: http.path ?? "",
    status: http.status,
    latencyNanos: http.latency_nanos === undefined ? undefined : BigInt(http.latency_nanos),
    responseBytes: BigInt(http.response_bytes ?? 0),
    userAgent: http.user_agent ?? "",
    referer: http.referer ?? "",
    protocol: http.protocol ?? "",
  };
}

/** What JSON can always say must be the same in the fields, which people see, and in the original. */
function sameTexts(one: Content, other: Content): boolean {
  return one.message === other.message && one.service === other.service && one.severityText === other.severityText;
}

/** "2026-11-21T13:00:00.123456789Z", always with nine digits. */
function nanosOf(text: string): bigint {
  const ms = Date.parse(`${text.slice(0, 19)}Z`);
  if (Number.isNaN(ms) || text.length !== 30) throw new Error(`a document has the time ${text.slice(0, 100)}`);
  return BigInt(ms) * 1_000_000n + BigInt(text.slice(20, 29));
}
