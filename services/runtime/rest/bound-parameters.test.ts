import assert from "node:assert/strict";
import type { JsonObject } from "@bufbuild/protobuf";
import { describe, it } from "vitest";
import { bindParameters, mergeIntoBody } from "./bound-parameters.ts";
import { declareService } from "./declared-service.fixture.ts";
import { httpRules } from "./http-rules.ts";

const service = declareService([{ name: "Call", rule: { get: "/things/{text}" } }]);
const handler = { kind: "unary", handle: async () => ({}) } as const;
const rule = httpRules([{ service, methods: [{ method: service.methods[0]!, handler }] }])[0]!;
const desc = rule.method.input;

const bind = (query: string, variables: Record<string, string> = {}) =>
  bindParameters(rule, new Map(Object.entries(variables)), query);

describe("bindParameters", () => {
  it.each([
    ["", {}],
    ["&&", {}],
    ["count=1", { count: "1" }],
    ["&count=1&", { count: "1" }],
    ["count=1&count=2", { count: "2" }],
    ["text=", { text: "" }],
    ["text", {}],
    ["nobody", {}],
    ["=a", {}],
    ["text=a=b", { text: "a=b" }],
    ["text=a+b%2Bc", { text: "a b+c" }],
    ["text=a%26b", { text: "a&b" }],
    ["te%78t=a", { text: "a" }],
    ["is_on=1&isOn=no", { isOn: false }],
    ["texts=a&texts=b&texts=a", { texts: ["a", "b", "a"] }],
    ["inner.text=a&inner.at=2026-01-01T00:00:00Z", { inner: { text: "a", at: "2026-01-01T00:00:00Z" } }],
    ["inner.deeper.deeper.text=a&inner.text=b", { inner: { deeper: { deeper: { text: "a" } }, text: "b" } }],
  ])("%s", (query, expected) => assert.deepEqual(bind(query), expected));

  it.each([
    ["nobody=1", /nobody is no parameter/],
    ["inner%2Etext=a", /inner%2Etext is no parameter/],
    ["%ff=a", /the name of a parameter is not UTF-8/],
    ["text=%ff", /the value of text is not UTF-8/],
    ["count=x", /count is "x"/],
    ["inner=x", /inner is a message/],
    ["inners.text=x", /inners has many values/],
    ["__proto__=1", /is no parameter/],
    ["inner.__proto__.polluted=1", /is no parameter/],
    ["constructor.prototype.polluted=1", /is no parameter/],
  ])("refuses %s", (query, reason) => {
    assert.throws(() => bind(query), { kind: "invalid_request", message: reason });
    assert.equal(Object.hasOwn(Object.prototype, "polluted"), false);
  });

  it("decodes what the path says, in which a plus is a plus, and takes it from there only", () => {
    assert.deepEqual(bind("count=1", { text: "a+b%2F%20c" }), { text: "a+b/ c", count: "1" });
    assert.throws(() => bind("text=b", { text: "a" }), /text is given by the path \/things\/\{text\} already/);
    assert.throws(() => bind("", { text: "%ff" }), /text is not UTF-8/);
  });

  it("takes thousands of parameters in no time", () => {
    const began = performance.now();
    assert.equal((bind("texts=a&".repeat(4_000)).texts as string[]).length, 4_000);
    assert.ok(performance.now() - began < 1_000);
  });
});

describe("mergeIntoBody", () => {
  const merge = (body: JsonObject, query: string) => mergeIntoBody(desc, body, bind(query));

  it.each([
    [{}, "text=a", { text: "a" }],
    [{ count: 1 }, "text=a", { count: 1, text: "a" }],
    [{ text: null }, "text=a", { text: "a" }],
    [{ is_on: null }, "isOn=true", { is_on: true }],
    [{ texts: ["a"] }, "texts=b&texts=c", { texts: ["a", "b", "c"] }],
    [{ texts: null }, "texts=b", { texts: ["b"] }],
    [{ inner: { text: "a" } }, "inner.at=2026-01-01T00:00:00Z", { inner: { text: "a", at: "2026-01-01T00:00:00Z" } }],
    [{ inner: null }, "inner.text=b", { inner: { text: "b" } }],
    [{ nobody: 1 }, "text=a", { nobody: 1, text: "a" }],
  ])("%j and %s", (body, query, expected) => assert.deepEqual(merge(body, query), expected));

  it.each([
    [{ text: "a" }, "text=b", "text"],
    [{ text: "" }, "text=b", "text"],
    [{ text: "a" }, "text=a", "text"],
    [{ is_on: true }, "isOn=true", "is_on"],
    [{ isOn: true }, "is_on=true", "is_on"],
    [{ inner: { text: "a" } }, "inner.text=b", "inner.text"],
    [{ inner: "a" }, "inner.text=b", "inner"],
    [{ inner: [] }, "inner.text=b", "inner"],
    [{ at: "2026-01-01T00:00:00Z" }, "at=2026-01-01T00:00:00Z", "at"],
    [{ texts: "a" }, "texts=b", "texts"],
  ])("refuses %j and %s: both give %s", (body, query, field) => {
    const message = `${field} is given by the body and by a parameter; one of them is to be left out`;
    assert.throws(() => merge(body as JsonObject, query), { kind: "invalid_request", message, metadata: { field } });
  });
});
