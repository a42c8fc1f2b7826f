import { type DescMessage, fromJson, type JsonValue } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { textOf } from "./compose-file.ts";
import { contractRoutes, matches } from "./http-rules.ts";
import { readRequests } from "./request-file.ts";

const routes = contractRoutes();
const requests = readRequests(textOf("requests.http"), "http://127.0.0.1:8080");

/** Routes that are no part of the contract. */
const OTHERS = ["/healthz"];

/** The most literal route wins, as in Envoy: /logs/search beats /logs/{id}, and /v1/logs/{id}:context /v1/logs/{id}. */
function routeOf(method: string, target: string) {
  const path = target.split("?")[0]!;
  const found = routes.filter((route) => matches(route, method, path));
  const withVerb = found.find((route) => path.endsWith(/:\w+$/.exec(route.path)?.[0] ?? "/"));
  return found.find((route) => route.path === path) ?? withVerb ?? found[0];
}

/** Every name of a field as a URL may have it; those of a filter behind its own: "filter.store". */
function namesOf({ fields }: DescMessage, within: readonly DescMessage[] = []): string[] {
  return fields.flatMap((field) => {
    const names = [field.name, field.jsonName];
    const inner =
      field.fieldKind === "message" && field.message.typeName.startsWith("logpulse.") ? field.message : null;
    if (inner === null || within.includes(inner)) return names; // A condition holds conditions.
    return names.flatMap((name) => namesOf(inner, [...within, inner]).map((rest) => `${name}.${rest}`));
  });
}

/** @throws where the contract does not know a field of it. */
function readsAs(message: DescMessage, json: JsonValue): void {
  fromJson(message, json, { ignoreUnknownFields: false });
}

describe("requests.http", () => {
  it("has every route of the contract", () => {
    const asked = new Set(requests.map(({ method, target }) => routeOf(method, target)));
    const missing = routes.filter((route) => !asked.has(route)).map(({ method, path }) => `${method} ${path}`);
    expect(missing).toEqual([]);
    expect(routes.length).toBeGreaterThan(10);
  });

  it.each([
    "POST /logs",
    "GET /logs/{id}",
    "GET /logs/search?q=",
    "GET /logs/search?q=payment-service",
    "GET /logs/search?q=ERROR",
    "GET /ping",
    "POST /upload",
    "GET /logs?ip=",
    "GET /logs",
    "GET /stats?type=latency",
    "GET /stats?type=errors",
    "GET /stats?type=traffic",
    "GET /stats",
  ])("has what the two systems have that it replaces: %s", (wanted) => {
    const [method, target] = wanted.split(" ") as [string, string];
    const start = target.replace(/\{id\}$/, "");
    expect(requests.some((request) => request.method === method && request.target.startsWith(start))).toBe(true);
  });

  it.each(requests)("$method $target: the contract knows its body and every parameter", ({ method, target, body }) => {
    if (OTHERS.includes(target)) return;
    const route = routeOf(method, target)!;
    expect(route, "no such route").toBeDefined();
    const { rpc } = route;
    if (route.body === "") {
      expect(body).toBe("");
      const names = namesOf(rpc.input);
      const parameters = new URL(target, "http://localhost").searchParams;
      for (const [name, value] of parameters) {
        expect(names).toContain(name);
        expect(value).not.toBe("");
      }
    } else {
      expect(target).not.toContain("?");
      const json = JSON.parse(body) as JsonValue;
      if (route.body !== "*") readsAs(rpc.input, { [route.body]: json });
      else if (rpc.methodKind === "client_streaming") for (const one of json as JsonValue[]) readsAs(rpc.input, one);
      else readsAs(rpc.input, json);
    }
  });

  it("the reader of this file says so when a line is no request", () => {
    expect(() => readRequests("@host = x\n### a\nFETCH\n", "x")).toThrow('"FETCH" is no request line');
  });
});
