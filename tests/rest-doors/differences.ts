/** In what the two doors may answer differently: why, and with which statuses each. */
interface AllowedDifference {
  why: string;
  envoy: readonly number[];
  ours: readonly number[];
}

/**
 * Everything in which the REST door in the process may differ from Envoy's transcoder; at most ten things. docs/rest.md
 * tells them in the same words. What differs besides, or does not differ although it is listed, fails.
 */
export const DIFFERENCES = {
  words: {
    why: "Errors that the door itself makes have the same status, code and reason, in words of their own: they name the \
field, its value and what is wanted.",
    envoy: [400, 403, 404, 413, 415, 431],
    ours: [400, 403, 404, 413, 415, 431],
  },
  other_method: {
    why: "A path that is served for other methods only is 405, with `Allow`. Envoy says 404.",
    envoy: [404],
    ours: [405],
  },
  unknown_field: {
    why: "A field that the contract does not know is refused in a body, as it is in a query. Envoy drops it: what was sent \
is lost without a word, and a misspelt filter means everything.",
    envoy: [200, 201],
    ours: [400],
  },
  strict: {
    why: "JSON and the values in it are taken in the forms of RFC 8259 and of proto3 JSON, where they mean one thing. \
Envoy guesses: names without quotes, names given twice, one value for a list, a leap second.",
    envoy: [200, 201],
    ours: [400],
  },
  one_place: {
    why: "A value that is given in two places (path and query, body and query), or in a body where none belongs, is \
refused. Envoy refuses some of these and lets one place win in others.",
    envoy: [200],
    ours: [400],
  },
  media_type: {
    why: "A body whose headers say that it is no JSON, or is compressed in an unknown way, is 415. Envoy reads it as JSON.",
    envoy: [200, 201],
    ours: [415],
  },
  compression: {
    why: "Bodies may be compressed by `deflate` and `br` as well. Envoy takes `gzip` only.",
    envoy: [400],
    ours: [200, 201, 400],
  },
  json_lines: {
    why: "`POST /v1/logs:upload` takes lines of JSON (`application/x-ndjson`) beside an array. Envoy takes arrays only.",
    envoy: [400],
    ours: [200],
  },
  status: {
    why: "Where both refuse a request, the status is that of what is wrong with it: 413 for a body that is too large when \
decompressed, 404 for one that is too large for a path that is not served, 400 for a target that is no path.",
    envoy: [400, 404, 413],
    ours: [400, 404, 413],
  },
  http_1_1: {
    why: "REST is spoken on HTTP/1.1. A connection that begins with HTTP/2 is one for gRPC.",
    envoy: [200],
    ours: [415],
  },
} as const satisfies Record<string, AllowedDifference>;

/** The name of one of them. */
export type Difference = keyof typeof DIFFERENCES;
