import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "vitest";
import { HTTP_BODY_BYTES_MAX, RECEIVED_PIECE_BYTES } from "../../domain/limits.ts";
import type { BodySplitter } from "./body-splitter.ts";
import { JsonArraySplitter } from "./json-array-splitter.ts";

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

/** The texts of the elements, of a body that comes in these pieces. */
function split(pieces: readonly Uint8Array[]): string[] {
  const splitter: BodySplitter = new JsonArraySplitter();
  const found = pieces.flatMap((piece) => [...splitter.push(piece)].map(text));
  return [...found, ...[...splitter.end()].map(text)];
}

/** The body in pieces of that many bytes. */
function pieces(body: string, size: number): Buffer[] {
  const bytes = Buffer.from(body);
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}

describe("JsonArraySplitter", () => {
  it.each([
    ["[]", []],
    [" [ ] \n", []],
    ["[{}]", ["{}"]],
    ["[{},{}]", ["{}", "{}"]],
    ['\t[ {} ,\r\n {"a":[1,{}]} ]\n', ["{}", '{"a":[1,{}]}']],
    ['[{"a":"]},{\\"[["}]', ['{"a":"]},{\\"[["}']],
    ['["\\\\","\\"",",]"]', ['"\\\\"', '"\\""', '",]"']],
    ['[1,-2.5e3,true,null,""]', ["1", "-2.5e3", "true", "null", '""']],
    ["[1 , 2 ]", ["1", "2"]],
    ["[[1,2],[[]]]", ["[1,2]", "[[]]"]],
    ['["é🦊\u0000"]', ['"é🦊\u0000"']],
    ['[{"é":"🦊]"},{}]', ['{"é":"🦊]"}', "{}"]],
  ])("cuts %s, cut at every byte, in pieces of every size", (body, elements) => {
    const bytes = Buffer.from(body);
    for (let at = 0; at <= bytes.length; at += 1) {
      assert.deepEqual(split([bytes.subarray(0, at), bytes.subarray(at)]), elements, `cut at ${at}`);
    }
    for (let size = 1; size <= bytes.length; size += 1) assert.deepEqual(split(pieces(body, size)), elements);
  });

  it("cuts any array into its elements, wherever the pieces are cut", () => {
    const array = fc.array(fc.jsonValue({ stringUnit: "grapheme" }), { maxLength: 8 });
    fc.assert(
      fc.property(
        array,
        fc.integer({ min: 0, max: 2 }),
        fc.array(fc.nat(400), { maxLength: 6 }),
        (values, indent, cuts) => {
          const body = Buffer.from(JSON.stringify(values, undefined, indent));
          const places = [0, ...cuts.map((cut) => Math.min(cut, body.length)).sort((a, b) => a - b), body.length];
          const cut = places.slice(1).map((place, index) => body.subarray(places[index], place));
          assert.deepEqual(
            split(cut).map((element) => JSON.parse(element) as unknown),
            JSON.parse(body.toString()),
          );
        },
      ),
    );
  });

  it("and the elements' reader refuse exactly what JSON.parse refuses", () => {
    const signs = fc.constantFrom("[", "]", "{", "}", ",", '"', "\\", ":", " ", "1", "a", "t");
    const asArray = (body: string): unknown => {
      const value: unknown = JSON.parse(body);
      if (!Array.isArray(value)) throw new Error("no array");
      return value;
    };
    const outcome = (read: () => unknown) => {
      try {
        return { value: read() };
      } catch {
        return "refused";
      }
    };
    fc.assert(
      fc.property(fc.string({ unit: signs, maxLength: 12 }), fc.integer({ min: 1, max: 4 }), (inner, size) => {
        for (const body of [inner, `[${inner}]`, `[${inner}`]) {
          const ours = outcome(() => split(pieces(body, size)).map((element) => JSON.parse(element) as unknown));
          assert.deepEqual(
            ours,
            outcome(() => asArray(body)),
            body,
          );
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    ["", /is empty; it must be a JSON array/],
    [" \n", /is empty/],
    ["{}", /must be a JSON array/],
    ["\ufeff[]", /must be a JSON array/],
    ["null", /must be a JSON array/],
    ["[", /ends in the middle, behind 0 whole elements/],
    ["[{},", /ends in the middle, behind 1 whole elements/],
    ['[{},{"a', /ends in the middle, behind 1 whole elements/],
    ["[1", /ends in the middle/],
    ["[]x", /goes on behind the end/],
    ["[][]", /goes on behind the end/],
    ["[{}}", /no comma behind element 0/],
    ["[{} {}]", /no comma behind element 0/],
    ["[1 2]", /no comma behind element 0/],
    ["[,]", /has no element 0/],
    ["[{},]", /has no element 1/],
    ["[{},,{}]", /has no element 1/],
    ["[}", /has no element 0/],
  ])("refuses %j", (body, message) => {
    for (const size of [1, 100]) assert.throws(() => split(pieces(body, size)), { kind: "invalid_request", message });
  });

  it("gives the elements before a mistake, and each as soon as it is whole", () => {
    const splitter = new JsonArraySplitter();
    assert.deepEqual([...splitter.push(Buffer.from('[{"a":1},{"b'))].map(text), ['{"a":1}']);
    assert.equal(splitter.heldBytes, 3 + RECEIVED_PIECE_BYTES);
    const rest = splitter.push(Buffer.from('":2} x'))[Symbol.iterator]();
    assert.equal(text(rest.next().value!), '{"b":2}');
    assert.equal(splitter.heldBytes, 0);
    assert.throws(() => rest.next(), /no comma behind element 1/);
  });

  it("counts each piece that it holds, and bounds an element", () => {
    const splitter = new JsonArraySplitter();
    for (const sign of '["aaaa') assert.deepEqual([...splitter.push(Buffer.from(sign))], []);
    assert.equal(splitter.heldBytes, 5 * (1 + RECEIVED_PIECE_BYTES));
    const much = Buffer.alloc(HTTP_BODY_BYTES_MAX, "a");
    assert.throws(() => [...splitter.push(much)], {
      kind: "invalid_request",
      message: /^element 0 of the body has more than/,
    });
  });
});
