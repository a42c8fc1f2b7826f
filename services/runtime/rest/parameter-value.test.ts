import assert from "node:assert/strict";
import type { JsonValue } from "@bufbuild/protobuf";
import { describe, it } from "vitest";
import { declareService } from "./declared-service.fixture.ts";
import { parameterValue } from "./parameter-value.ts";

const { fields } = declareService([{ name: "Call" }]).methods[0]!.input;
const read = (name: string, text: string) => parameterValue(fields.find((field) => field.name === name)!, name, text);

const GOOD: Record<string, [text: string, json: JsonValue][]> = {
  text: [
    ["", ""],
    ["a", "a"],
    ["null", "null"],
  ],
  texts: [["a", "a"]],
  count: [
    ["1", "1"],
    ["01", "1"],
    ["+1", "1"],
    ["-0", "0"],
    ["-2147483648", "-2147483648"],
    ["2147483647", "2147483647"],
  ],
  counts: [["7", "7"]],
  size: [
    ["0", "0"],
    ["4294967295", "4294967295"],
  ],
  offset: [
    ["-9223372036854775808", "-9223372036854775808"],
    ["9007199254740993", "9007199254740993"],
  ],
  total: [["18446744073709551615", "18446744073709551615"]],
  share: [
    ["1", 1],
    ["-1.5e3", -1500],
    [".5", 0.5],
    ["5.", 5],
  ],
  is_on: [
    ["true", true],
    ["1", true],
    ["YES", true],
    ["t", true],
    ["False", false],
    ["0", false],
    ["n", false],
  ],
  raw: [
    ["", ""],
    ["AQID", "AQID"],
    ["AQI=", "AQI="],
    ["AQI", "AQI"],
    ["-_8", "-_8"],
    ["+/8=", "+/8="],
    ["AQ==", "AQ=="],
  ],
  kind: [
    ["KIND_GOOD", "KIND_GOOD"],
    ["1", "KIND_GOOD"],
    ["01", "KIND_GOOD"],
    ["-7", "KIND_BAD"],
    ["0", "KIND_UNSPECIFIED"],
  ],
  at: [
    ["2026-01-31T12:00:00.5+02:00", "2026-01-31T12:00:00.5+02:00"],
    ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"],
  ],
  took: [
    ["1.5s", "1.5s"],
    ["-1s", "-1s"],
  ],
  mask: [["a,b", "a,b"]],
};

const BAD: Record<string, string[]> = {
  count: ["", " 1", "1 ", "1.0", "1e2", "0x1", "a", "--1", "2147483648", "-2147483649", "9".repeat(5_000), "١", "true"],
  size: ["-1", "4294967296"],
  offset: ["9223372036854775808"],
  total: ["-1", "18446744073709551616"],
  share: ["", "NaN", "Infinity", "1e400", "1,5", "0x1", "."],
  is_on: ["", "on", "2", " true"],
  raw: ["A", "AQID=", "AQ=", "@@", "A A", "-/", "===="],
  kind: ["", "GOOD", "kind_good", "2", "1.0", " 1", "__proto__", "constructor"],
  at: [
    "",
    "now",
    "2026-01-31",
    "2026-02-30T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:00:60Z",
    "0000-01-01T00:00:00Z",
  ],
  took: ["", "1", "s", "999999999999s"],
  mask: ["a_b"],
};

describe("parameterValue", () => {
  for (const [name, values] of Object.entries(GOOD)) {
    it.each(values)(`reads ${name}=%s`, (text, json) => assert.equal(read(name, text), json));
  }

  for (const [name, texts] of Object.entries(BAD)) {
    it.each(texts)(`refuses ${name}=%s, and says what it must be`, (text) => {
      const message = new RegExp(`^${name} is ".*"; it must be `, "s");
      assert.throws(() => read(name, text), { kind: "invalid_request", message, metadata: { field: name } });
    });
  }

  it.each(["inner", "inners", "more"])("refuses %s, which is a message", (name) => {
    assert.throws(() => read(name, "{}"), /is a message; give the fields in it/);
  });

  it("names the words of an enum", () => {
    assert.throws(() => read("kind", "x"), /one of KIND_UNSPECIFIED, KIND_GOOD, KIND_BAD, or its number$/);
  });
});
