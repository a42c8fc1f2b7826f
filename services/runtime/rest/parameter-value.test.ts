import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { declareService } from "./declared-service.fixture.ts";
import { parameterValue } from "./parameter-value.ts";

const { fields } = declareService([{ name: "Call" }]).methods[0]!.input;
const read = (name: string, text: string) => parameterValue(fields.find((field) => field.name === name)!, name, text);

describe("parameterValue", () => {
  it.each([
    ["count", "01", "1"],
    ["counts", "7", "7"],
    ["is_on", "yes", true],
    ["at", "2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"],
    ["kind", "KIND_GOOD", "KIND_GOOD"],
    ["kind", "1", "KIND_GOOD"],
    ["kind", "01", "KIND_GOOD"],
    ["kind", "-7", "KIND_BAD"],
    ["kind", "0", "KIND_UNSPECIFIED"],
  ])("reads %s=%s", (name, text, json) => assert.equal(read(name, text), json));

  it.each([
    ["count", "x", 'count is "x"; it must be a whole number from -2147483648 to 2147483647'],
    ["count", "", 'count is ""; it must be a whole number from -2147483648 to 2147483647'],
    ["is_on", '"', 'is_on is "\\""; it must be true or false'],
    ["took", "1", 'took is "1"; it must be seconds, like "1.5s"'],
    ["inner", "{}", "inner is a message; give the fields in it, or send it in a body"],
    ["inners", "{}", "inners is a message; give the fields in it, or send it in a body"],
    ["more", "{}", "more is a message; give the fields in it, or send it in a body"],
  ])("refuses %s=%s in words that help", (name, text, message) => {
    assert.throws(() => read(name, text), { kind: "invalid_request", message, metadata: { field: name } });
  });

  it.each(["", "GOOD", "kind_good", "2", "1.0", " 1", "__proto__", "constructor"])("refuses kind=%s", (text) => {
    const wanted = "it must be one of KIND_UNSPECIFIED, KIND_GOOD, KIND_BAD, or its number";
    assert.throws(() => read("kind", text), { message: `kind is "${text}"; ${wanted}` });
  });
});
