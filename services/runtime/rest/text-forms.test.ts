import assert from "node:assert/strict";
import type { JsonValue } from "@bufbuild/protobuf";
import { describe, it } from "vitest";
import { declareService } from "./declared-service.fixture.ts";
import { textForm } from "./text-forms.ts";

const { fields } = declareService([{ name: "Call" }]).methods[0]!.input;
const formOf = (name: string) => textForm(fields.find((field) => field.name === name)!);

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
  size: ["-1", "-0", "4294967296"],
  offset: ["9223372036854775808"],
  total: ["-1", "18446744073709551616"],
  share: ["", "NaN", "Infinity", "1e400", "1,5", "0x1", "."],
  is_on: ["", "on", "2", " true"],
  raw: ["A", "AQID=", "AQ=", "@@", "A A", "-/", "===="],
  at: [
    "",
    "now",
    "2026-01-31",
    "2026-02-30T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:00:60Z",
    "0000-01-01T00:00:00Z",
  ],
  took: ["", "1", "s", "1sx", "1s ", "999999999999s"],
  mask: ["a_b"],
};

describe("textForm", () => {
  for (const [name, values] of Object.entries(GOOD)) {
    it.each(values)(`reads ${name}=%s`, (text, json) => assert.equal(formOf(name)?.read(text), json));
  }

  for (const [name, texts] of Object.entries(BAD)) {
    it.each(texts)(`is none for ${name}=%s`, (text) => assert.equal(formOf(name)?.read(text), undefined));
  }

  it.each(["kind", "inner", "inners", "more"])("knows none for %s", (name) => assert.equal(formOf(name), undefined));

  it("is looked at in no time, however long the text is", () => {
    const began = performance.now();
    for (const name of Object.keys(BAD)) {
      for (const sign of ["9", "=", "a", " ", "-", "."]) formOf(name)?.read(`${sign.repeat(30_000)}x`);
    }
    assert.ok(performance.now() - began < 500);
  });
});
