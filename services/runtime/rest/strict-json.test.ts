import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "vitest";
import { JSON_DEPTH_MAX, JSON_VALUES_MAX } from "../../domain/limits.ts";
import { parseStrictJson } from "./strict-json.ts";

const refusal = (message: RegExp) => ({ kind: "invalid_request", message });
const parse = (text: string) => parseStrictJson(text, "the body");

/** The same JSON, with each sign of its strings as an escape. */
const escaped = (json: string) =>
  json.replace(/"(?:[^"\\]|\\.)*"/gs, (literal) => {
    const signs = [...(JSON.parse(literal) as string).split("")];
    return `"${signs.map((sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")}"`;
  });

describe("parseStrictJson", () => {
  it("reads what JSON.parse reads, in any writing", () => {
    const json = fc.jsonValue({ stringUnit: "grapheme", depthSize: "medium" });
    fc.assert(
      fc.property(json, fc.integer({ min: 0, max: 3 }), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        const expected = JSON.parse(text) as unknown; // Where -0 is 0.
        assert.deepEqual(parse(text), expected);
        assert.deepEqual(parse(`\r\n\t ${text} \n`), expected);
        assert.deepEqual(parse(escaped(text)), expected);
      }),
    );
  });

  it.each([
    '{"a":[{"a":1},{"a":2}],"b":{"a":3}}',
    '{"a":"a","b":"a"}',
    '["a","a"]',
    '{"a":"{\\"a\\":1,\\"a\\":2}"}',
    '{"":1," ":2}',
  ])("takes %s, where a name stands in more than one place", (text) => assert.deepEqual(parse(text), JSON.parse(text)));

  it.each([
    '{"a":1,"a":2}',
    '{"a":1,"b":{},"a":2}',
    '[{"x":{"a":[],"a":[]}}]',
    '{"a":1,"\\u0061":2}',
    '{"\\"":1,"\\u0022":2}',
    '{"é":1,"\\u00e9":2}',
    '{"":1,"":2}',
    '{"__proto__":1,"__proto__":2}',
    '{ "a" : 1 , "a" : 2 }',
  ])("refuses %s: a name twice", (text) =>
    assert.throws(() => parse(text), refusal(/^the body has the name ".*" twice/)),
  );

  it.each(['"\\ud800"', '"\\udc00"', '["a\\ud83dz"]', '{"\\ud800":1}', '"\\ude00\\ud83d"'])(
    "refuses half of a pair in %s",
    (text) => assert.throws(() => parse(text), refusal(/half of a surrogate pair/)),
  );

  it.each(["1e400", "-1e400", "[1E+999]", '{"a":9e308}', "9".repeat(400), `-${"9".repeat(310)}.5`])(
    "refuses %s",
    (text) => assert.throws(() => parse(text), refusal(/beyond the range of a double/)),
  );

  it.each(["1e308", "1e-400", "0e999", "9".repeat(300), `0.${"0".repeat(400)}1`, "12345678901234567890"])(
    "takes %s",
    (text) => assert.equal(parse(text), Number(text)),
  );

  it.each([
    "",
    " ",
    "{",
    "}",
    "]",
    '"',
    '"\\',
    '"\\u12"',
    "{]",
    "[}",
    "nul",
    "NaN",
    "'a'",
    "{a:1}",
    "[1,]",
    '{"a":1,}',
    "01",
    "+1",
    ".5",
    "1 2",
  ])("refuses %j: no JSON", (text) => assert.throws(() => parse(text), refusal(/^the body is no JSON: /)));

  it.each(['"a\nb"', '"\u0001"', "//\n1", "/**/1", "\ufeff1", '["a"'])("refuses %j: no JSON", (text) =>
    assert.throws(() => parse(text), refusal(/is no JSON/)),
  );

  it("bounds the depth before anything is built", () => {
    const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
    assert.ok(parse(nested(JSON_DEPTH_MAX)));
    const before = performance.now();
    for (const text of [
      nested(JSON_DEPTH_MAX + 1),
      nested(4_000_000),
      "[".repeat(8_000_000),
      '{"a":'.repeat(3_000_000),
    ]) {
      assert.throws(() => parse(text), refusal(/more than 100 arrays and objects in one another/));
    }
    assert.ok(performance.now() - before < 2_000);
  });

  it("bounds the number of values before anything is built", () => {
    const list = (count: number) => `[${"{},".repeat(count - 1)}{}]`;
    assert.equal((parse(list(JSON_VALUES_MAX / 2)) as unknown[]).length, JSON_VALUES_MAX / 2);
    assert.throws(() => parse(list(JSON_VALUES_MAX)), refusal(/more than 400000 values/));
  });

  it("passes over megabytes of each kind of text quickly", () => {
    const MiB = 1024 * 1024;
    const texts = [
      JSON.stringify("a".repeat(16 * MiB)),
      JSON.stringify('\\"'.repeat(2 * MiB)),
      JSON.stringify(Array.from({ length: 390_000 }, () => "\n")),
      `[${"1234567890.5,".repeat(390_000)}1]`,
      JSON.stringify(Array.from({ length: 100_000 }, (_, index) => ({ [`name ${index}`]: index, b: true, c: "\\" }))),
    ];
    for (const text of texts) {
      const began = performance.now();
      parse(text);
      assert.ok(performance.now() - began < 3_000, text.slice(0, 40));
    }
  });

  it("fails in no other way, whatever the text", () => {
    const signs = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"',
      "\\",
      "u",
      "d",
      "8",
      "0",
      "1",
      "e",
      "-",
      ".",
      "a",
      " ",
    );
    fc.assert(
      fc.property(fc.string({ unit: signs, maxLength: 40 }), (text) => {
        try {
          assert.deepEqual(parse(text), JSON.parse(text));
        } catch (reason) {
          assert.equal((reason as { kind?: string }).kind, "invalid_request", text);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
