import assert from "node:assert/strict";
import type { JsonObject } from "@bufbuild/protobuf";
import { describe, it } from "vitest";
import { declareService } from "./declared-service.fixture.ts";
import { httpRules } from "./http-rules.ts";
import { RestRoutes } from "./rest-routes.ts";

function routesOf(rules: Record<string, JsonObject>): RestRoutes {
  const service = declareService(Object.entries(rules).map(([name, rule]) => ({ name, rule })));
  const handler = { kind: "unary", handle: async () => ({}) } as const;
  return new RestRoutes(httpRules([{ service, methods: service.methods.map((method) => ({ method, handler })) }]));
}

const routes = routesOf({
  Get: { get: "/logs/{text}" },
  Search: { get: "/logs/search" },
  List: { get: "/logs" },
  Write: { post: "/logs", body: "*" },
  Change: { put: "/logs/{text}", body: "*" },
  Verb: { get: "/v1/logs:search", additionalBindings: [{ post: "/v1/logs:search", body: "*" }] },
  OfOne: { get: "/v1/logs/{text}" },
  OfOneVerb: { get: "/v1/logs/{text}:replay" },
  Deep: { get: "/{text}/b/{count}" },
});

/** "Search", "Get text=a", "405 GET,PUT", "404" */
function found(method: string, path: string): string {
  const route = routes.find(method, path);
  if (route.kind === "none") return "404";
  if (route.kind === "other_method") return `405 ${route.allowed}`;
  return [route.rule.method.name, ...[...route.variables].map(([name, text]) => `${name}=${text}`)].join(" ");
}

describe("RestRoutes", () => {
  it.each([
    ["/logs", "List"],
    ["/logs/", "List"],
    ["/logs///", "List"],
    ["/logs/search", "Search"],
    ["/logs/search/", "Search"],
    ["/logs/Search", "Get text=Search"],
    ["/logs/a", "Get text=a"],
    ["/logs/a%2Fb", "Get text=a%2Fb"],
    ["/logs/a:b", "Get text=a:b"],
    ["/logs/:", "Get text=:"],
    ["/logs/a:search", "404"],
    ["/logs//a", "404"],
    ["//logs", "404"],
    ["/logs/a/b", "404"],
    ["/LOGS", "404"],
    ["/", "404"],
    ["/v1/logs:search", "Verb"],
    ["/v1/logs/:search", "Verb"],
    ["/v1/logs:search/", "404"],
    ["/v1/logs:nope", "404"],
    ["/v1/logs:", "404"],
    ["/v1/logs/search", "OfOne text=search"],
    ["/v1/logs/a:replay", "OfOneVerb text=a"],
    ["/v1/logs/a:b:replay", "OfOneVerb text=a:b"],
    ["/v1/logs/a:search", "404"],
    ["/a/b/1", "Deep text=a count=1"],
    ["/a//1", "404"],
  ])("GET %s: %s", (path, expected) => assert.equal(found("GET", path), expected));

  it.each([
    ["POST", "/logs", "Write"],
    ["PUT", "/logs", "405 GET,POST"],
    ["get", "/logs", "405 GET,POST"],
    ["HEAD", "/logs/search", "405 GET,PUT"],
    ["PUT", "/logs/search", "Change text=search"],
    ["POST", "/v1/logs:search", "Verb"],
    ["DELETE", "/v1/logs:search", "405 GET,POST"],
    ["DELETE", "/nope", "404"],
  ])("%s %s: %s", (method, path, expected) => assert.equal(found(method, path), expected));

  it("refuses two rules that want the same requests, whatever they call their variables", () => {
    assert.throws(() => routesOf({ A: { get: "/a/{text}" }, B: { get: "/a/{count}" } }), /two google.api.http rules/);
    routesOf({ A: { get: "/a/{text}" }, B: { post: "/a/{text}" }, C: { get: "/a/{text}:b" } });
  });
});
