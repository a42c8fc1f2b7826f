import type { JsonValue, MessageInitShape } from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";
import type { HttpRequestSchema } from "../../../gen/logpulse/v1/log_record_pb.ts";
import { HTTP_LONG_BYTES_MAX, HTTP_SHORT_BYTES_MAX, LATENCY_SECONDS_MAX, RESPONSE_BYTES_MAX } from "../limits.ts";
import { boundedTextOf, countOf } from "./field-values.ts";
import type { LineFields } from "./line-fields.ts";
import { durationOfNanos } from "./request-record.ts";

/** Where a logger writes what it knows of a request. */
interface RequestNames {
  status: string[];
  method: string[];
  path: string[];
  query: string[];
  clientIp: string[];
  userAgent: string[];
  referer: string[];
  protocol: string[];
  responseBytes: string[];
  /** By the nanoseconds in one of what is counted there. */
  latency: { name: string; unitNanos: number }[];
}

const ECS: RequestNames = {
  status: ["http.response.status_code"],
  method: ["http.request.method"],
  path: ["url.original", "url.path"],
  query: ["url.query"],
  clientIp: ["client.ip", "client.address", "source.ip", "source.address"],
  userAgent: ["user_agent.original"],
  referer: ["http.request.referrer"],
  protocol: ["http.version"],
  responseBytes: ["http.response.body.bytes", "http.response.bytes"],
  latency: [{ name: "event.duration", unitNanos: 1 }],
};

const PINO_HTTP: RequestNames = {
  status: ["res.statusCode"],
  method: ["req.method"],
  path: ["req.url"],
  query: [],
  clientIp: ["req.remoteAddress"],
  userAgent: ["req.headers.user-agent"],
  referer: ["req.headers.referer"],
  protocol: [],
  responseBytes: ["res.headers.content-length"],
  latency: [{ name: "responseTime", unitNanos: 1_000_000 }],
};

/** As proxies and small services write them. Such names mean many things, so method and path must look like what they are. */
const FLAT: RequestNames = {
  status: ["status", "status_code", "statusCode"],
  method: ["method"],
  path: ["path", "url", "uri"],
  query: [],
  clientIp: ["client", "client_ip", "remote_addr", "remote_ip", "ip"],
  userAgent: ["user_agent", "userAgent"],
  referer: ["referer", "referrer"],
  protocol: ["protocol", "proto"],
  responseBytes: ["bytes_out", "bytes_sent", "body_bytes_sent", "size"],
  latency: ["duration_ms", "latency_ms", "elapsed_ms"].map((name) => ({ name, unitNanos: 1_000_000 })),
};

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]);

/** The request of a line's fields, taken out of them; undefined where no status stands beside a method or a path. */
export function takeRequest(fields: LineFields): MessageInitShape<typeof HttpRequestSchema> | undefined {
  if (isRequest(fields, ECS)) return takeFields(fields, ECS);
  if (isRequest(fields, PINO_HTTP)) return takeFields(fields, PINO_HTTP);
  const method = fields.get("method");
  const looksLikeOne = typeof method === "string" && METHODS.has(method.toUpperCase());
  const hasPath = FLAT.path.some((name) => String(fields.get(name)).startsWith("/"));
  return looksLikeOne && hasPath && isRequest(fields, FLAT) ? takeFields(fields, FLAT) : undefined;
}

function isRequest(fields: LineFields, names: RequestNames): boolean {
  const has = (each: string[], read: (value: JsonValue) => unknown) =>
    each.some((name) => {
      const value = fields.get(name);
      return value !== undefined && read(value) !== undefined;
    });
  return has(names.status, statusOf) && (has(names.method, shortTextOf) || has(names.path, longTextOf));
}

/** Values that the record's fields cannot hold stay, and become attributes. */
function takeFields(fields: LineFields, names: RequestNames): MessageInitShape<typeof HttpRequestSchema> {
  const path = fields.take(names.path, longTextOf) ?? "";
  const query = path.includes("?") ? undefined : fields.take(names.query, queryOf(path));
  const version = fields.take(names.protocol, shortTextOf) ?? "";
  return {
    status: fields.take(names.status, statusOf),
    method: fields.take(names.method, shortTextOf),
    path: query === undefined ? path : `${path}?${query}`,
    clientIp: fields.take(names.clientIp, shortTextOf),
    userAgent: fields.take(names.userAgent, longTextOf),
    referer: fields.take(names.referer, longTextOf),
    protocol: /^\d(\.\d)?$/.test(version) ? `HTTP/${version}` : version,
    responseBytes: BigInt(fields.take(names.responseBytes, (value) => countOf(value, RESPONSE_BYTES_MAX)) ?? 0),
    latency: names.latency
      .map(({ name, unitNanos }) => fields.take([name], (value) => latencyOf(value, unitNanos)))
      .find((latency) => latency !== undefined),
  };
}

const shortTextOf = (value: JsonValue) => boundedTextOf(value, HTTP_SHORT_BYTES_MAX);
const longTextOf = (value: JsonValue) => boundedTextOf(value, HTTP_LONG_BYTES_MAX);

/** A query for which there is room behind the path. */
function queryOf(path: string): (value: JsonValue) => string | undefined {
  return (value) => boundedTextOf(value, HTTP_LONG_BYTES_MAX - Buffer.byteLength(path) - 1);
}

/** 100 to 599, or 0: no answer. */
function statusOf(value: JsonValue): number | undefined {
  const status = countOf(value, 599);
  return status === 0 || (status !== undefined && status >= 100) ? status : undefined;
}

function latencyOf(value: JsonValue, unitNanos: number): Duration | undefined {
  const count = typeof value === "string" && /^\d{1,15}(\.\d{1,9})?$/.test(value) ? Number(value) : value;
  if (typeof count !== "number" || !(count >= 0)) return undefined;
  const nanos = count * unitNanos;
  return nanos < LATENCY_SECONDS_MAX * 1e9 ? durationOfNanos(BigInt(Math.round(nanos))) : undefined;
}
