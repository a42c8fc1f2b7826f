import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  createFileRegistry,
  type DescMethod,
  fromBinary,
  getOption,
  hasOption,
  type JsonObject,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { describe, it } from "vitest";
import { http } from "../../../gen/google/api/annotations_pb.ts";
import { IngestService } from "../../../gen/logpulse/v1/ingest_service_pb.ts";
import { QueryService } from "../../../gen/logpulse/v1/query_service_pb.ts";
import type { AnyHandler, ServiceHandlers } from "../../ports/service-handlers.ts";
import { declareService } from "./declared-service.fixture.ts";
import { httpRules } from "./http-rules.ts";
import { RestRoutes } from "./rest-routes.ts";

const NO_HANDLER: AnyHandler = { kind: "unary", handle: async () => ({}) };

function withoutHandlers(service: ServiceHandlers["service"]): ServiceHandlers {
  return { service, methods: service.methods.map((method) => ({ method, handler: NO_HANDLER })) };
}

/** Every method of the contract, as the committed descriptor set has it, from which Envoy goes. */
function contractMethods(): DescMethod[] {
  const path = join(import.meta.dirname, "..", "..", "..", "gen", "logpulse.binpb");
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(path)));
  return [...registry].flatMap((type) => (type.kind === "service" ? type.methods : []));
}

describe("httpRules", () => {
  it("reads every annotation of the contract, additional bindings included", () => {
    const methods = contractMethods().filter((method) => hasOption(method, http));
    const services = [...new Set(methods.map(({ parent }) => parent))].map(withoutHandlers);
    const rules = httpRules(services);
    const expected = methods.flatMap((method) => {
      const rule = getOption(method, http);
      return [rule, ...rule.additionalBindings].map(({ pattern }) => `${pattern.case?.toUpperCase()} ${pattern.value}`);
    });
    assert.deepEqual(rules.map((rule) => `${rule.httpMethod} ${rule.template.text}`).sort(), expected.sort());
    assert.ok(expected.length >= 15, `${expected.length} routes`);
    assert.ok(services.length >= 4);
    new RestRoutes(rules); // No two want the same requests.
  });

  it("tells where the body goes", () => {
    const rules = httpRules([withoutHandlers(IngestService), withoutHandlers(QueryService)]);
    const placeOf = (name: string) => rules.filter(({ method }) => method.name === name).map(({ body }) => body);
    assert.deepEqual(placeOf("WriteLog"), [{ kind: "whole" }]);
    assert.deepEqual(placeOf("Ping"), [{ kind: "none" }]);
    const [lines, whole] = placeOf("UploadLines");
    assert.equal(lines?.kind === "field" && lines.field.name, "lines");
    assert.deepEqual(whole, { kind: "whole" });
    assert.deepEqual(placeOf("Stream"), []);
  });

  it.each([
    ["a wildcard", { get: "/a/*" }, /path template/],
    ["a nested variable", { get: "/a/{inner.text}" }, /path template/],
    ["a variable that is no field", { get: "/a/{nobody}" }, /\{nobody\}, which is no plain field/],
    ["a variable that is a message", { get: "/a/{inner}" }, /\{inner\}, which is no plain field/],
    ["a variable that is a list", { get: "/a/{texts}" }, /\{texts\}, which is no plain field/],
    ["a body that is no field", { post: "/a", body: "nobody" }, /body "nobody", which is no field/],
    ["a part of the answer", { get: "/a", responseBody: "text" }, /response_body "text"/],
    ["a method of its own", { custom: { kind: "LOOK", path: "/a" } }, /no method of HTTP's own/],
    ["no pattern", { body: "*" }, /no method of HTTP's own/],
    ["such an additional binding", { get: "/a", additionalBindings: [{ get: "/**" }] }, /path template/],
  ])("refuses to serve %s", (_name, rule, reason) => {
    const service = declareService([{ name: "Call", rule }]);
    assert.throws(() => httpRules([withoutHandlers(service)]), reason);
  });

  it("refuses rules on calls that stream both ways, and streams of messages in a part of a message", () => {
    const both = declareService([
      { name: "Call", rule: { post: "/a", body: "*" }, clientStreaming: true, serverStreaming: true },
    ]);
    assert.throws(() => httpRules([withoutHandlers(both)]), /streams both ways/);
    for (const rule of [{ get: "/a" }, { post: "/a", body: "text" }] as JsonObject[]) {
      const stream = declareService([{ name: "Call", rule, clientStreaming: true }]);
      assert.throws(() => httpRules([withoutHandlers(stream)]), /a body other than "\*"/);
    }
  });
});
