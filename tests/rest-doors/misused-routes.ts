import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { contractRoutes, type HttpRoute } from "../deployment/http-rules.ts";
import type { Difference } from "./differences.ts";
import { type DoorRequest, get, linesOf, post } from "./door.ts";

const LINE = '"2026-11-20T10:00:00Z 10.0.0.1 GET /written 200 1ms"';
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"];

/** For each route that takes a body, one that it takes. */
const GOOD_BODY: Record<string, string> = {
  "/logs": '{"service_name":"s","level":"INFO","message":"m"}',
  "/upload": `[${LINE}]`,
  "/v1/logs:uploadLines": `{"lines":[${LINE}]}`,
  "/v1/logs:write": '{"records":[{"message":"m"}]}',
  "/v1/logs:upload": '[{"records":[{"message":"m"}]},{"records":[]}]',
  "/v1/logs:search": '{"words":"seeded"}',
  "/v1/logs:export": '{"query":"seeded"}',
  "/v1/logs:exportCsv": '{"query":"seeded"}',
  "/v1/logs:histogram": '{"query":"seeded"}',
  "/v1/logs:facets": '{"query":"seeded","fields":["service"]}',
  "/v1/logs:fields": '{"query":"seeded"}',
  "/v1/deadLetters:replay": '{"dryRun":true}',
};

/** Without the tail, which goes on: `questions.contract.ts` asks for it in both modes. */
const routes = contractRoutes().filter(({ path }) => path !== "/v1/logs:tail");

/** Every route of the contract as it should be used, and in the ways in which any route can be misused. */
export const MISUSED_ROUTES: readonly DoorRequest[] = routes.flatMap((route) => {
  const path = route.path.replace("{id}", "$ID");
  const good = route.body === "" ? get(path) : post(path, GOOD_BODY[path]!);
  const at = (place: string, differs?: Difference): DoorRequest => ({ ...good, path: place, differs });
  return [
    good,
    ...["?", "?&&", "?nobody_knows"].map((end) => at(`${path}${end}`)),
    ...["?nobody_knows=1", "?__proto__=1", "?constructor.prototype=1"].map((end) => at(`${path}${end}`, "words")),
    at(`/.${path}`),
    at(`/${path}`, "words"),
    at(
      path.replace(/^\/\w+/, (first) => first.toUpperCase()),
      "words",
    ),
    at(`${path}/`, path.includes(":") && !path.includes("$ID") ? "words" : undefined),
    at(`${path}:nobody`, path.includes("$ID") || path === "/logs/search" ? undefined : "words"),
    at(`${path}/more`, path !== "/logs" ? "words" : good.method === "GET" ? undefined : "other_method"),
    { ...good, headers: { ...good.headers, "grpc-timeout": "20S" } },
    { ...good, headers: { ...good.headers, accept: "text/html", "accept-encoding": "gzip, br" } },
    ...otherMethods(route, path),
    ...(route.body === "" ? [{ ...good, body: "{}", differs: withBody(path) }] : bodies(route)),
  ];
});

/** A read with a body: Envoy reads on, and then finds what is missing in a question for facets. */
function withBody(path: string): Difference {
  return path === "/v1/logs:facets" ? "words" : "one_place";
}

function otherMethods({ path: template }: HttpRoute, path: string): DoorRequest[] {
  const served = routes.filter((route) => route.path === template).map(({ method }) => method);
  const others = METHODS.filter((method) => !served.includes(method));
  return others.map((method) => ({ method, path, differs: "other_method" }));
}

/** Bodies that are nothing to anybody, and a good one in all kinds of wrapping. */
function bodies({ path, body }: HttpRoute): DoorRequest[] {
  const good = GOOD_BODY[path]!;
  const isStream = path === "/v1/logs:upload"; // Which takes no compression.
  const wrapped = (text: string | Uint8Array, headers: Record<string, string>, differs?: Difference) =>
    post(path, text, differs, headers);
  return [
    ...linesOf(`{ \n } \n [ \n ] \n " \n 1 \n true \n nonsense \n // \n ${good} x \n ${good}${good}`).map((text) =>
      post(path, text, "words"),
    ),
    ...["\u0000", "\ufeff{}", Buffer.from([0x22, 0xff, 0x22])].map((text) => post(path, text, "words")),
    post(path, LINE, body === "lines" ? "strict" : "words"),
    post(path, `${" ".repeat(1_000)}${good}\r\n\t `),
    wrapped(gzipSync(good), { "content-encoding": "gzip" }, isStream ? "words" : undefined),
    wrapped(deflateSync(good), { "content-encoding": "deflate" }, isStream ? "words" : "compression"),
    wrapped(brotliCompressSync(good), { "content-encoding": "br" }, isStream ? "words" : "compression"),
    wrapped(good, { "content-encoding": "snappy" }, isStream ? "words" : "media_type"),
    wrapped(good, { "content-encoding": "identity" }, isStream ? "words" : undefined),
    wrapped("no gzip", { "content-encoding": "gzip" }, "words"),
    wrapped(gzipSync(good).subarray(0, -12), { "content-encoding": "gzip" }, "words"),
    ...linesOf(`
      application/json; charset=utf-8
      APPLICATION/JSON
      application/vnd.api+json
      application/x-www-form-urlencoded
      text/plain;charset=UTF-8`).map((type) => wrapped(good, { "content-type": type })),
    wrapped(good, { "content-type": "" }),
    ...linesOf(`
      application/json; charset=iso-8859-1
      application/xml
      application/grpc-web
      multipart/form-data; boundary=x
      nonsense`).map((type) => wrapped(good, { "content-type": type }, "media_type")),
    wrapped(good, { "transfer-encoding": "chunked" }),
    wrapped(good, { expect: "100-continue" }),
    wrapped(good, { origin: "http://localhost:3000" }),
    wrapped(good, { origin: "https://evil.example" }, "words"),
    wrapped(good, { host: "evil.example" }, "words"),
  ];
}
